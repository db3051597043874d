from functools import partial

from django.db import migrations

BATCH = 1000
KINDS = {
    "run.doubted": "run.marked_uncertain",
    "run.proved": "run.pull_request_linked",
    "run.sent_back": "run.changes_requested",
}


def rename(apps, schema_editor, *, backwards=False):
    kinds = {new: old for old, new in KINDS.items()} if backwards else KINDS
    events = apps.get_model("projects", "Event").objects.using(schema_editor.connection.alias)
    for old, new in kinds.items():
        while batch := list(events.filter(kind=old).values_list("pk", flat=True)[:BATCH]):
            events.filter(pk__in=batch).update(kind=new)


class Migration(migrations.Migration):
    """Events of runs are called by the steps they log; may run again."""

    atomic = False

    dependencies = [
        ("agents", "0014_handoff_events"),
        ("projects", "0010_description_and_webhook_deliveries"),
    ]

    operations = [migrations.RunPython(rename, partial(rename, backwards=True))]
