from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "apps.tasks"

    def ready(self) -> None:
        from apps.projects import events, live
        from apps.tasks import creating, faces

        live.draws("task.", faces.ops_of)
        live.draws("comment.", faces.ops_of)
        live.draws("run.", faces.ops_of)
        events.subscribe_within("project.created", creating.on_project_created)
