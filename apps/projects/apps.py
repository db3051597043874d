from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    name = "apps.projects"
    verbose_name = _("projects")

    def ready(self) -> None:
        from apps.accounts import signals
        from apps.projects import checks, granting, joining, looks

        register(checks.group_roles)
        signals.groups_known.connect(granting.on_groups_known)
        signals.account_closing.connect(joining.on_account_closing)
        signals.person_changed.connect(looks.on_person_changed)
