"""Projects that were there before rooms get theirs."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def furnish(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    room = apps.get_model("chat", "Room")
    projects = apps.get_model("projects", "Project").objects.exclude(rooms__is_default=True)
    room.objects.bulk_create(room(project=project, name=project.name[:80], is_default=True) for project in projects)


class Migration(migrations.Migration):
    dependencies = [("chat", "0001_initial")]

    operations = [migrations.RunPython(furnish, migrations.RunPython.noop)]
