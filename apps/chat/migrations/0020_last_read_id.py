import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0019_message_fields")]

    operations = [
        migrations.RenameField("ReadMark", "upto", "last_read_id"),
        migrations.AlterField(
            model_name="readmark",
            name="room",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="read_marks", to="chat.room"
            ),
        ),
    ]
