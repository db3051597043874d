from functools import partial

from django.db import migrations

BATCH = 1000
KINDS = {"pair.allowed": "handoff.allowed", "pair.forbidden": "handoff.revoked"}
KEYS = {"asks": "from_agent", "asked": "to_agent", "pair": "handoff"}


def rename(apps, schema_editor, *, backwards=False):
    kinds, keys = (({new: old for old, new in names.items()} if backwards else names) for names in (KINDS, KEYS))
    events = apps.get_model("projects", "Event").objects.using(schema_editor.connection.alias)
    while batch := list(events.filter(kind__in=kinds)[:BATCH]):
        for event in batch:
            event.kind = kinds[event.kind]
            event.payload = {keys.get(key, key): value for key, value in event.payload.items()}
        events.bulk_update(batch, ["kind", "payload"])


class Migration(migrations.Migration):
    """Events about who may start whom speak of hand-offs; may run again."""

    dependencies = [
        ("agents", "0013_pause_and_gateway_field_names"),
        ("projects", "0010_description_and_webhook_deliveries"),
    ]

    operations = [migrations.RunPython(rename, partial(rename, backwards=True))]
