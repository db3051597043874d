from django.db import migrations

BATCH = 5_000
# (table, what is set, which rows), there and back. Run again, they find no row.
FORWARDS = [
    ("tasks_codelink", "kind = 'pull_request'", "kind = 'request'"),
    (
        "projects_event",
        "payload = jsonb_set(payload, '{link}', '\"pull_request\"')",
        "kind IN ('task.linked', 'task.unlinked') AND payload->>'link' = 'request'",
    ),
    (
        "projects_event",
        "payload = payload - 'because' || jsonb_build_object('reason', payload->'because')",
        "kind IN ('task.moved', 'task.held') AND payload ? 'because'",
    ),
    (
        "projects_event",
        "kind = 'task.kept_open', payload = payload - 'open' || jsonb_build_object('open_subtasks', payload->'open')",
        "kind = 'task.held'",
    ),
]
BACKWARDS = [
    (
        "projects_event",
        "kind = 'task.held',"
        " payload = payload - 'open_subtasks' || jsonb_build_object('open', payload->'open_subtasks')",
        "kind = 'task.kept_open'",
    ),
    (
        "projects_event",
        "payload = payload - 'reason' || jsonb_build_object('because', payload->'reason')",
        "kind IN ('task.moved', 'task.held') AND payload ? 'reason'",
    ),
    (
        "projects_event",
        "payload = jsonb_set(payload, '{link}', '\"request\"')",
        "kind IN ('task.linked', 'task.unlinked') AND payload->>'link' = 'pull_request'",
    ),
    ("tasks_codelink", "kind = 'request'", "kind = 'pull_request'"),
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

    dependencies = [("tasks", "0006_code_link_fields"), ("projects", "0009_comparing")]

    operations = [migrations.RunPython(in_batches(FORWARDS), in_batches(BACKWARDS))]
