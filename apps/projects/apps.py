from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    name = "apps.projects"
    verbose_name = _("projects")

    def ready(self) -> None:
        from apps.accounts import audit_words, examining, signals
        from apps.projects import auditing, checks, events, granting, joining, live, looks
        from apps.projects.git import doctor, reconciling

        register(checks.group_roles)
        examining.examines("git", doctor.examine)
        signals.groups_known.connect(granting.on_groups_known)
        signals.account_closing.connect(joining.on_account_closing)
        signals.person_changed.connect(looks.on_person_changed)
        live.draws("member.left", lambda project, events, open_task: [live.LEFT])
        events.subscribe("repository.connected", reconciling.on_repository_connected)
        audit_words.calls(auditing.KINDS | auditing.GRANTS | auditing.DELIVERIES)
        for kind in auditing.KINDS:
            events.subscribe_within(kind, auditing.on_event)
