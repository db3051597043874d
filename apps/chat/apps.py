from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatConfig(AppConfig):
    name = "apps.chat"
    verbose_name = _("chat")

    def ready(self) -> None:
        from apps.chat import faces, reading, rooms, typing_notice
        from apps.projects import events, live

        for prefix in ("message.", "run.", "task."):
            live.draws(prefix, faces.ops_of)
        live.hears("typing", typing_notice.is_well, typing_notice.on_typing)
        events.subscribe_within("member.joined", reading.on_joined)
        events.subscribe_within("project.created", rooms.on_project_created)
