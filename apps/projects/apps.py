from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    name = "apps.projects"
    verbose_name = _("projects")

    def ready(self) -> None:
        from apps.accounts import signals
        from apps.projects import checks, granting  # noqa: F401 - the checks register themselves

        signals.groups_known.connect(granting.on_groups_known)
