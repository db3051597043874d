from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "apps.tasks"

    def ready(self) -> None:
        from apps.projects import events, live
        from apps.tasks import assigning, creating, faces, opened

        for prefix in ("task.", "comment.", "run."):
            live.draws(prefix, faces.ops_of)
            live.draws(prefix, opened.ops_of)
        live.draws("member.changed", faces.ops_of)
        live.draws("member.", opened.ops_of)
        events.subscribe_within("project.created", creating.on_project_created)
        events.subscribe_within("member.left", assigning.on_member_left)
