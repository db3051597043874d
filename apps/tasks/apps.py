from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "apps.tasks"

    def ready(self) -> None:
        from apps.accounts import audit_words
        from apps.projects import events, live
        from apps.projects.git import beside
        from apps.tasks import assigning, auditing, code, creating, faces, linking, opened

        for prefix in ("task.", "comment.", "run.", "code."):
            live.draws(prefix, faces.ops_of)
            live.draws(prefix, opened.ops_of)
        live.draws("member.changed", faces.ops_of)
        live.draws("member.", opened.ops_of)
        opened.shows("code", code.part)
        audit_words.calls(auditing.KINDS)
        for kind in auditing.KINDS:
            events.subscribe_within(kind, auditing.on_event)
        beside.draws(code.beside_branches)
        events.subscribe("code.pushed", linking.on_pushed)
        events.subscribe("code.request", linking.on_request)
        events.subscribe_within("project.created", creating.on_project_created)
        events.subscribe_within("member.left", assigning.on_member_left)
