import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0010_files")]

    operations = [
        migrations.RenameModel("Wording", "MessageRevision"),
        migrations.RenameField("messagerevision", "at", "replaced_at"),
        migrations.AlterField(
            model_name="messagerevision",
            name="message",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="revisions", to="chat.message"
            ),
        ),
    ]
