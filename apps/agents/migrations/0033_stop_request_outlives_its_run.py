import django.db.models.deletion
from django.db import migrations, models

FILL = """
UPDATE agents_stoprequest SET run_key = run_id, gateway_id = agents_run.gateway_id
FROM agents_run WHERE agents_run.id = agents_stoprequest.run_id
"""
DROP_THOSE_OF_DELETED_RUNS = "DELETE FROM agents_stoprequest WHERE run_id IS NULL"


class Migration(migrations.Migration):
    dependencies = [("agents", "0032_causes_as_codes")]

    operations = [
        migrations.AddField("stoprequest", "run_key", models.UUIDField(null=True)),
        migrations.AddField(
            "stoprequest",
            "gateway",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="stop_requests",
                to="agents.gateway",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField("stoprequest", "run_key", models.UUIDField(unique=True)),
        migrations.AlterField(
            "stoprequest",
            "run",
            models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="stop_request",
                to="agents.run",
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, DROP_THOSE_OF_DELETED_RUNS),
    ]
