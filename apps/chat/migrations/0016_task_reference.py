import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0015_attachment_fields")]

    operations = [
        migrations.RemoveConstraint("NamedTask", "named_task_once"),
        migrations.RenameModel("NamedTask", "TaskReference"),
        migrations.AlterField(
            model_name="taskreference",
            name="message",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="task_references", to="chat.message"
            ),
        ),
        migrations.AlterField(
            model_name="taskreference",
            name="task",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="message_references", to="tasks.task"
            ),
        ),
        migrations.AddConstraint(
            model_name="taskreference",
            constraint=models.UniqueConstraint(fields=("message", "task"), name="task_reference_once"),
        ),
    ]
