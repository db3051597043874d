from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatConfig(AppConfig):
    name = "apps.chat"
    verbose_name = _("chat")

    def ready(self) -> None:
        from apps.accounts.audit import labels
        from apps.chat import audit_log
        from apps.chat.messages import pins, render
        from apps.chat.rooms import (
            activity_digest,
            retention,
            room_list,
            rooms,
            slash_commands,
            system_messages,
            typing_indicator,
            unread_counts,
        )
        from apps.projects import events
        from apps.projects.realtime import frames

        for prefix in ("message.", "run."):
            frames.register_frame_renderer(prefix, render.ops_of)
        frames.register_frame_renderer("task.", render.chip_ops)
        frames.register_frame_renderer("message.", pins.ops_of)
        frames.register_frame_renderer("room.", room_list.ops_of)
        retention.register_retention_exception(pins.not_pinned)
        frames.register_ephemeral_message("typing", typing_indicator.is_valid, typing_indicator.on_typing)
        register_slash_command = slash_commands.register_slash_command
        register_slash_command("task", slash_commands.task, description=_("create a task with this title"))
        assign_usage = _("assign a task: /assign KEY-12 @name")
        register_slash_command("assign", slash_commands.assign, description=assign_usage)
        system_messages.register_system_message("retention.changed", system_messages.retention_sentence)
        system_messages.register_system_message("activity_digest", activity_digest.digest_sentence)
        labels.register_audit_actions(
            audit_log.ROOMS | audit_log.PINS | audit_log.MODERATION | audit_log.EXPORTS | audit_log.RETENTION
        )
        for kind in (*audit_log.ROOMS, *audit_log.PINS, "retention.changed"):
            events.register_subscriber_in_transaction(kind, audit_log.on_room_event)
        events.register_subscriber_in_transaction("message.expired", audit_log.on_messages_expired)
        events.register_subscriber_in_transaction("message.deleted", audit_log.on_message_deleted)
        events.register_subscriber_in_transaction("member.joined", unread_counts.on_member_joined)
        events.register_subscriber_in_transaction("project.created", rooms.on_project_created)
