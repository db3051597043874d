from django.db import migrations, models


class Migration(migrations.Migration):
    """Indexes and constraints of the largest table are renamed in place, not built anew."""

    dependencies = [("chat", "0018_preview_fetched_at")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex("Message", "message_client"),
                migrations.RemoveConstraint("Message", "message_once"),
            ],
        ),
        migrations.RenameField("Message", "client_id", "client_message_id"),
        migrations.RenameField("Message", "note", "system_message"),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER INDEX message_client RENAME TO message_client_message_id",
                    "ALTER INDEX message_client_message_id RENAME TO message_client",
                ),
            ],
            state_operations=[
                migrations.AddIndex(
                    model_name="message",
                    index=models.Index(fields=["client_message_id"], name="message_client_message_id"),
                ),
                migrations.AddConstraint(
                    model_name="message",
                    constraint=models.UniqueConstraint(
                        fields=("room", "author", "client_message_id"), name="message_once"
                    ),
                ),
            ],
        ),
        migrations.RenameIndex("Message", new_name="message_not_deleted", old_name="message_standing"),
        migrations.RenameIndex("Message", new_name="message_created_at", old_name="message_age"),
        migrations.RenameIndex("Message", new_name="message_text_search", old_name="message_words"),
        migrations.RenameIndex("Message", new_name="message_text_trigram", old_name="message_parts"),
    ]
