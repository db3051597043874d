from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AgentsConfig(AppConfig):
    name = "apps.agents"
    verbose_name = _("agents")

    def ready(self) -> None:
        from apps.accounts import audit_words
        from apps.agents import auditing, noting, panel, queueing, telling
        from apps.projects import events
        from apps.tasks import notes, opened, timeline

        for code, sentence in noting.SENTENCES.items():
            notes.says(code, sentence)
        for kind, (icon, sentence) in telling.SENTENCES.items():
            timeline.tells(kind, icon, sentence)
        opened.shows("runs", panel.runs)
        opened.shows("verdict", panel.verdict)
        audit_words.calls(auditing.RUN_KINDS | auditing.DOORS | auditing.CHANGES)
        for kind in auditing.CHANGES:
            events.subscribe_within(kind, auditing.on_change)
        for kind in auditing.RUN_KINDS:
            events.subscribe_within(kind, auditing.on_run_event)
        events.subscribe_within("task.assigned", queueing.on_assigned)
