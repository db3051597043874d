from django.db import migrations, models
from django.db.models.functions import Now


def fill(apps, schema_editor):
    """What waits keeps its place."""
    runs = apps.get_model("agents", "Run").objects.using(schema_editor.connection.alias)
    runs.filter(status="queued").update(queued_at=models.F("created_at"))


class Migration(migrations.Migration):
    """A run's place in line is kept apart from when it was made, so that another attempt can take it over."""

    dependencies = [("agents", "0021_run_cause")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="queued_at",
            field=models.DateTimeField(db_default=Now()),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        migrations.RemoveIndex(model_name="run", name="run_queue"),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                models.OrderBy(models.F("priority"), descending=True),
                models.F("queued_at"),
                condition=models.Q(status="queued"),
                name="run_queue",
            ),
        ),
    ]
