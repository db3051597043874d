from django.db import migrations, models
from django.db.models import OuterRef, Subquery
from django.db.models.deletion import CASCADE


def name_it(apps, schema_editor):
    Task = apps.get_model("tasks", "Task")
    project = Task.objects.filter(pk=OuterRef("task")).values("project")
    apps.get_model("agents", "Run").objects.update(project=Subquery(project))


class Migration(migrations.Migration):
    """A run says itself which project it belongs to."""

    dependencies = [
        ("agents", "0002_initial"),
        ("projects", "0005_known_groups"),
        ("tasks", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            "run",
            "project",
            models.ForeignKey(null=True, on_delete=CASCADE, related_name="runs", to="projects.project"),
        ),
        migrations.RunPython(name_it, migrations.RunPython.noop),
        migrations.AlterField(
            "run", "project", models.ForeignKey(on_delete=CASCADE, related_name="runs", to="projects.project")
        ),
    ]
