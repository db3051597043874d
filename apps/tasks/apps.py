from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "apps.tasks"

    def ready(self) -> None:
        from apps.accounts.audit import labels
        from apps.projects import events
        from apps.projects.git.pages import branch_badges
        from apps.projects.realtime import frames
        from apps.tasks import audit_log
        from apps.tasks.actions.assign import on_member_left
        from apps.tasks.actions.create import on_project_created
        from apps.tasks.board import cards
        from apps.tasks.code import links, task_section
        from apps.tasks.detail import panel

        for prefix in ("task.", "comment.", "run.", "code."):
            frames.register_frame_renderer(prefix, cards.ops_of)
            frames.register_frame_renderer(prefix, panel.ops_of)
        frames.register_frame_renderer("member.changed", cards.ops_of)
        frames.register_frame_renderer("member.", panel.ops_of)
        cards.register_task_finder(links.tasks_showing)
        panel.register_detail_section("code", task_section.section)
        labels.register_audit_actions(audit_log.KINDS)
        for kind in audit_log.KINDS:
            events.register_subscriber_in_transaction(kind, audit_log.on_event)
        branch_badges.register_branch_badges(task_section.badges_by_branch)
        events.register_subscriber("code.pushed", links.on_pushed)
        events.register_subscriber("code.request", links.on_pull_request)
        events.register_subscriber_in_transaction("project.created", on_project_created)
        events.register_subscriber_in_transaction("member.left", on_member_left)
