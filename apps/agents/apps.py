from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AgentsConfig(AppConfig):
    name = "apps.agents"
    verbose_name = _("agents")

    def ready(self) -> None:
        from apps.accounts import audit_words
        from apps.agents import asking, auditing, commanding, noting, panel, proving, queueing, telling, under
        from apps.chat import commands, faces, retaining
        from apps.chat import telling as rooms
        from apps.projects import events
        from apps.tasks import notes, opened, timeline

        for code, sentence in noting.SENTENCES.items():
            notes.says(code, sentence)
        for kind, (icon, sentence) in telling.SENTENCES.items():
            timeline.tells(kind, icon, sentence)
        for code, sentence in telling.IN_ROOM.items():
            rooms.says(code, sentence)
        faces.under(under.drawn)
        retaining.spares(asking.without_open_runs)
        commands.add("pause", commanding.pause, says=_("stop all agents of this project"))
        commands.add("resume", commanding.resume, says=_("let the agents work again"))
        commands.add("agents", commanding.agents, says=_("see what the agents do"))
        opened.shows("runs", panel.runs)
        opened.shows("verdict", panel.verdict)
        recorded = auditing.RUN_KINDS | auditing.CHANGES | auditing.MESSAGES | auditing.SWITCHES
        audit_words.calls(recorded | auditing.DOORS)
        for kind in auditing.CHANGES:
            events.subscribe_within(kind, auditing.on_change)
        for kind in auditing.RUN_KINDS:
            events.subscribe_within(kind, auditing.on_run_event)
        for kind in auditing.MESSAGES:
            events.subscribe_within(kind, auditing.on_message)
        for kind in auditing.SWITCHES:
            events.subscribe_within(kind, auditing.on_switched)
        events.subscribe("code.request", proving.on_request)
        events.subscribe_within("task.assigned", queueing.on_assigned)
        events.subscribe_within("message.posted", asking.on_posted)
        events.subscribe_within("message.edited", asking.on_posted)
        events.subscribe_within("message.deleted", asking.on_deleted)
        events.subscribe_within("member.left", asking.on_left)
