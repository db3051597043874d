from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0014_file_chunk")]

    operations = [
        migrations.RemoveConstraint("Attachment", "carried_file_is_whole"),
        migrations.RenameField("Attachment", "is_whole", "is_complete"),
        migrations.RenameField("Attachment", "small", "thumbnail"),
        migrations.RenameIndex("Attachment", new_name="attachment_unsent", old_name="file_unsent"),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.CheckConstraint(
                condition=models.Q(("message", None), ("is_complete", True), _connector="OR"),
                name="sent_attachment_is_complete",
            ),
        ),
    ]
