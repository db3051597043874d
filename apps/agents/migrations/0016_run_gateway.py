import django.db.models.deletion
from django.db import migrations, models

BATCH = 1000


def fill(apps, schema_editor):
    """Where each run was sent, or will be: by what its agent is now."""
    alias = schema_editor.connection.alias
    runs = apps.get_model("agents", "Run").objects.using(alias).filter(gateway_session_key="")
    while batch := list(runs.select_related("agent").only("session_key", "agent__slug", "agent__gateway")[:BATCH]):
        for run in batch:
            run.gateway_id = run.agent.gateway_id
            run.gateway_session_key = f"agent:{run.agent.slug}:{run.session_key}".lower()
        runs.model.objects.using(alias).bulk_update(batch, ["gateway", "gateway_session_key"])


class Migration(migrations.Migration):
    """A run keeps where it was sent; may run again."""

    dependencies = [("agents", "0015_run_event_kinds")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="gateway",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="runs", to="agents.gateway"
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="gateway_session_key",
            field=models.CharField(blank=True, default="", max_length=200),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
