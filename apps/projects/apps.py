from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    name = "apps.projects"
    verbose_name = _("projects")

    def ready(self) -> None:
        from apps import diagnostics
        from apps.accounts import signals
        from apps.accounts.audit import labels
        from apps.projects import audit_log, events
        from apps.projects.git.mirror import self_test
        from apps.projects.git.webhooks import resync
        from apps.projects.members import group_grants, group_roles_check, memberships
        from apps.projects.realtime import frames, profile_changes

        register(group_roles_check.group_roles)
        diagnostics.register_diagnostics("git", self_test.examine)
        signals.groups_known.connect(group_grants.on_groups_known)
        signals.account_closing.connect(memberships.on_account_closing)
        signals.person_changed.connect(profile_changes.on_person_changed)
        frames.register_frame_renderer("member.left", lambda project, events, open_task: [frames.MEMBER_LEFT])
        events.register_subscriber("repository.connected", resync.on_repository_connected)
        labels.register_audit_actions(audit_log.KINDS | audit_log.GRANTS | audit_log.INVITATIONS | audit_log.DELIVERIES)
        for kind in audit_log.KINDS:
            events.register_subscriber_in_transaction(kind, audit_log.on_event)
