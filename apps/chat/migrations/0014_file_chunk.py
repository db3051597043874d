import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0013_room_retention")]

    operations = [
        migrations.RemoveConstraint("Piece", "piece_once"),
        migrations.RenameModel("Piece", "FileChunk"),
        migrations.AlterField(
            model_name="filechunk",
            name="attachment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="chunks", to="chat.attachment"
            ),
        ),
        migrations.AddConstraint(
            model_name="filechunk",
            constraint=models.UniqueConstraint(fields=("attachment", "number"), name="file_chunk_once"),
        ),
    ]
