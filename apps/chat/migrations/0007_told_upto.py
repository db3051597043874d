from django.db import migrations, models

# What happened before is known to everybody: rooms are told from now on.
FROM_NOW_ON = """
UPDATE chat_room SET told_upto = project.last_seq FROM projects_project AS project WHERE project.id = project_id"""


class Migration(migrations.Migration):
    dependencies = [("chat", "0006_pins")]

    operations = [
        migrations.AddField(model_name="room", name="told_upto", field=models.BigIntegerField(default=0)),
        migrations.RunSQL(FROM_NOW_ON, migrations.RunSQL.noop),
    ]
