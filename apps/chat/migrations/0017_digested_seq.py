from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("chat", "0016_task_reference")]

    operations = [
        migrations.RenameField("Room", "told_upto", "digested_seq"),
    ]
