from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "apps.tasks"

    def ready(self) -> None:
        from apps.projects import live
        from apps.tasks import faces

        live.draws("task.", faces.ops_of)
        live.draws("comment.", faces.ops_of)
        live.draws("run.", faces.ops_of)
