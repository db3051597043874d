from django.apps import AppConfig


class AgentsConfig(AppConfig):
    name = "apps.agents"

    def ready(self) -> None:
        from apps.agents import noting, queueing
        from apps.projects import events
        from apps.tasks import notes

        for code, sentence in noting.SENTENCES.items():
            notes.says(code, sentence)
        events.subscribe_within("task.assigned", queueing.on_assigned)
