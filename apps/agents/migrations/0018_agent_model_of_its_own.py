from django.db import migrations, models

NEVER_CHOSEN = "claude-opus-4-5"  # the former default, which was never sent


def empty(apps, schema_editor):
    agents = apps.get_model("agents", "Agent").objects.using(schema_editor.connection.alias)
    agents.filter(model=NEVER_CHOSEN).update(model="")


def fill(apps, schema_editor):
    agents = apps.get_model("agents", "Agent").objects.using(schema_editor.connection.alias)
    agents.filter(model="").update(model=NEVER_CHOSEN)


class Migration(migrations.Migration):
    """An agent without a model of ours goes on with the one that its gateway gives it."""

    dependencies = [("agents", "0017_mention_refusal_disabled")]

    operations = [
        migrations.AlterField(
            model_name="agent",
            name="model",
            field=models.CharField(blank=True, max_length=100, verbose_name="model"),
        ),
        migrations.RunPython(empty, fill),
    ]
