from functools import partial

from django.db import migrations

BATCH = 1000
RENAMED = [
    ("Run", "review", "sent_back", "changes_requested"),
    ("MentionRefusal", "reason", "pair", "handoff"),
    ("MentionRefusal", "reason", "cap", "daily_limit"),
]


def rewrite(apps, schema_editor, *, backwards=False):
    for model, field, old, new in RENAMED:
        rows = apps.get_model("agents", model).objects.using(schema_editor.connection.alias)
        before, after = (new, old) if backwards else (old, new)
        while batch := list(rows.filter(**{field: before}).values_list("pk", flat=True)[:BATCH]):
            rows.filter(pk__in=batch).update(**{field: after})


class Migration(migrations.Migration):
    """Reviews and reasons of refusals that stand in the database get their new words; may run again."""

    dependencies = [("agents", "0011_run_field_names")]

    operations = [migrations.RunPython(rewrite, partial(rewrite, backwards=True))]
