from django.db import migrations

BATCH = 5_000
# (table, what is set, which rows), there and back. Run again, they find no row.
FORWARDS = [
    ("projects_event", "kind = 'message.updated'", "kind = 'message.told'"),
    (
        "projects_event",
        "payload = payload - 'named' || jsonb_build_object('tasks', payload->'named')",
        "kind = 'message.posted' AND payload ? 'named'",
    ),
    (
        "chat_message",
        "system_message = jsonb_set(system_message, '{code}', '\"activity_digest\"')",
        "system_message->>'code' = 'changes'",
    ),
]
BACKWARDS = [
    (
        "chat_message",
        "system_message = jsonb_set(system_message, '{code}', '\"changes\"')",
        "system_message->>'code' = 'activity_digest'",
    ),
    (
        "projects_event",
        "payload = payload - 'tasks' || jsonb_build_object('named', payload->'tasks')",
        "kind = 'message.posted' AND payload ? 'tasks'",
    ),
    ("projects_event", "kind = 'message.told'", "kind = 'message.updated'"),
]


def in_batches(changes):
    def run(apps, schema_editor):
        with schema_editor.connection.cursor() as cursor:
            for table, assignment, condition in changes:
                last = 0
                while last is not None:
                    cursor.execute(
                        f"SELECT max(id) FROM (SELECT id FROM {table} WHERE id > %s ORDER BY id LIMIT {BATCH}) b",  # noqa: S608 - constants only
                        [last],
                    )
                    [end] = cursor.fetchone()
                    cursor.execute(
                        f"UPDATE {table} SET {assignment} WHERE id > %s AND id <= %s AND {condition}",  # noqa: S608
                        [last, end],
                    )
                    last = end

    return run


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("chat", "0020_last_read_id"), ("projects", "0009_comparing")]

    operations = [migrations.RunPython(in_batches(FORWARDS), in_batches(BACKWARDS))]
