"""Our own sentences about the end of a run: their codes instead, in runs, in the log and in status notes."""

from django.db import migrations

# Each as it was stored, in English and in Russian.
SENTENCES = {
    "message_deleted": ("The message was deleted.", "Сообщение удалено."),
    "agent_left": ("The agent has left the project.", "Агент больше не в проекте."),
    "reassigned": ("Given to somebody else.", "Задачу передали другому."),
    "unassigned": ("Unassigned.", "Исполнитель снят."),
    "tried_again": (
        "Nobody knows whether it ran; tried again.",
        "Неизвестно, состоялся ли запуск; пробуем снова.",
    ),
    "no_reason": (
        "The agent's run failed without a reason.",
        "Запуск агента не удался, причина неизвестна.",
    ),
}
NOTED = ("tasks_task", "agents_run")


def forwards(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for code, sentences in SENTENCES.items():
            found = list(sentences)
            cursor.execute(
                "UPDATE agents_run SET cause = %s, error = '' WHERE cause = '' AND error = ANY(%s)", [code, found]
            )
            cursor.execute(
                "UPDATE projects_event SET payload = payload || jsonb_build_object('cause', %s::text, 'error', '')"
                " WHERE kind = 'run.closed' AND coalesce(payload->>'cause', '') = '' AND payload->>'error' = ANY(%s)",
                [code, found],
            )
            for table in NOTED:
                cursor.execute(
                    f"UPDATE {table} SET status_note = jsonb_set(status_note, '{{facts,error}}', '\"\"')"  # noqa: S608
                    " || jsonb_build_object('code', %s::text)"
                    " WHERE status_note->>'code' IN ('failed', 'stopped') AND status_note#>>'{facts,error}' = ANY(%s)",
                    [code, found],
                )


def backwards(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for code, (sentence, _russian) in SENTENCES.items():
            cursor.execute(
                "UPDATE agents_run SET cause = '', error = %s WHERE cause = %s AND error = ''", [sentence, code]
            )
            cursor.execute(
                "UPDATE projects_event SET payload = payload || jsonb_build_object('cause', '', 'error', %s::text)"
                " WHERE kind = 'run.closed' AND payload->>'cause' = %s AND payload->>'error' = ''",
                [sentence, code],
            )
            was = "failed" if code in ("tried_again", "no_reason") else "stopped"
            for table in NOTED:
                cursor.execute(
                    f"UPDATE {table} SET status_note = jsonb_set(status_note, '{{facts,error}}', to_jsonb(%s::text))"  # noqa: S608
                    " || jsonb_build_object('code', %s::text) WHERE status_note->>'code' = %s",
                    [sentence, was, code],
                )


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0031_stop_request"),
        ("projects", "0015_invitation"),
        ("tasks", "0012_empty_comments"),
    ]

    operations = [migrations.RunPython(forwards, backwards)]
