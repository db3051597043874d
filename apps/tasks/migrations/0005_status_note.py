from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("tasks", "0004_branch_naming")]

    operations = [
        migrations.RemoveIndex("task", "task_with_note"),
        migrations.RenameField("task", "note", "status_note"),
        migrations.AddIndex(
            "task",
            models.Index(fields=["project"], name="task_with_status_note", condition=Q(status_note__isnull=False)),
        ),
    ]
