from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AgentsConfig(AppConfig):
    name = "apps.agents"
    verbose_name = _("agents")

    def ready(self) -> None:
        from django.db.models.signals import pre_delete

        from apps import diagnostics
        from apps.accounts.audit import labels
        from apps.agents import audit_log, processes
        from apps.agents.gateways import health_check
        from apps.agents.mentions import agent_commands, comment_footer, mentions, message_footer
        from apps.agents.models import Run
        from apps.agents.roster import pause_banner
        from apps.agents.runs import queue, run_notes, stops
        from apps.agents.runs.actions import pull_requests, retry, review
        from apps.agents.runs.pages import task_panel, timeline_entries
        from apps.chat.messages import render
        from apps.chat.rooms import retention, slash_commands, system_messages
        from apps.projects import events
        from apps.projects.realtime import frames
        from apps.tasks import status_notes
        from apps.tasks.actions import move
        from apps.tasks.board import banner
        from apps.tasks.detail import panel as detail_panel
        from apps.tasks.detail import timeline

        diagnostics.register_diagnostics("openclaw", health_check.examine)
        diagnostics.register_diagnostics("operating", processes.examine)
        for code, sentence in run_notes.SENTENCES.items():
            status_notes.register_status_note(code, sentence)
        for kind, (icon, sentence) in timeline_entries.SENTENCES.items():
            timeline.register_timeline_entry(kind, icon, sentence)
        timeline.register_comment_footer(comment_footer.render_footers)
        for code, sentence in timeline_entries.IN_ROOM.items():
            system_messages.register_system_message(code, sentence)
        banner.register_board_banner(pause_banner.render_pause)
        frames.register_frame_renderer("agents.", banner.ops_of)
        render.register_message_footer(message_footer.render_footers)
        retention.register_retention_exception(mentions.without_open_runs)
        register_slash_command = slash_commands.register_slash_command
        register_slash_command("pause", agent_commands.pause, description=_("pause all agents of this project"))
        register_slash_command("resume", agent_commands.resume, description=_("resume the agents of this project"))
        register_slash_command("agents", agent_commands.agents, description=_("see what the agents do"))
        move.register_closing_rule(review.accept_by_closing)
        detail_panel.register_detail_section("runs", task_panel.render_runs)
        detail_panel.register_detail_section("verdict", task_panel.render_review)
        recorded = audit_log.RUN_EVENTS | audit_log.TASK_EVENTS | audit_log.MESSAGE_EVENTS | audit_log.SETTING_EVENTS
        labels.register_audit_actions(recorded | audit_log.DIRECT_ACTIONS)
        for kind in audit_log.TASK_EVENTS:
            events.register_subscriber_in_transaction(kind, audit_log.on_task_event)
        for kind in audit_log.RUN_EVENTS:
            events.register_subscriber_in_transaction(kind, audit_log.on_run_event)
        for kind in audit_log.MESSAGE_EVENTS:
            events.register_subscriber_in_transaction(kind, audit_log.on_message_event)
        for kind in audit_log.SETTING_EVENTS:
            events.register_subscriber_in_transaction(kind, audit_log.on_setting_event)
        events.register_subscriber("code.request", pull_requests.on_pull_request)
        events.register_subscriber_in_transaction("run.closed", retry.on_run_closed)
        events.register_subscriber_in_transaction("task.assigned", queue.on_assigned)
        events.register_subscriber_in_transaction("task.edited", queue.on_edited)
        events.register_subscriber_in_transaction("message.posted", mentions.on_message_saved)
        events.register_subscriber_in_transaction("message.edited", mentions.on_message_saved)
        events.register_subscriber_in_transaction("message.deleted", mentions.on_message_deleted)
        events.register_subscriber_in_transaction("member.left", mentions.on_member_left)
        events.register_subscriber_in_transaction("room.archived", mentions.on_room_archived)
        pre_delete.connect(stops.on_run_deleted, Run)
