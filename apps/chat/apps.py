from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatConfig(AppConfig):
    name = "apps.chat"
    verbose_name = _("chat")

    def ready(self) -> None:
        from apps.accounts import audit_words
        from apps.chat import (
            auditing,
            faces,
            folding,
            pinning,
            reading,
            retaining,
            room_links,
            rooms,
            telling,
            typing_notice,
        )
        from apps.projects import events, live

        for prefix in ("message.", "run.", "task."):
            live.draws(prefix, faces.ops_of)
        live.draws("message.", pinning.ops_of)
        live.draws("room.", room_links.ops_of)
        retaining.spares(pinning.not_pinned)
        live.hears("typing", typing_notice.is_well, typing_notice.on_typing)
        telling.says("retention.changed", telling.of_retention)
        telling.says("changes", folding.sentence)
        audit_words.calls(auditing.ROOMS | auditing.PINS | auditing.MODERATION | auditing.EXPORTS | auditing.RETENTION)
        for kind in (*auditing.ROOMS, *auditing.PINS, "retention.changed"):
            events.subscribe_within(kind, auditing.on_room)
        events.subscribe_within("message.expired", auditing.on_expired)
        events.subscribe_within("message.deleted", auditing.on_deleted)
        events.subscribe_within("member.joined", reading.on_joined)
        events.subscribe_within("project.created", rooms.on_project_created)
