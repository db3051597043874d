from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0017_digested_seq")]

    operations = [
        migrations.RemoveIndex("LinkPreview", "preview_waiting"),
        migrations.RenameField("LinkPreview", "asked_at", "fetched_at"),
        migrations.AddIndex(
            model_name="linkpreview",
            index=models.Index(
                fields=["created_at"], name="preview_unfetched", condition=models.Q(("fetched_at", None))
            ),
        ),
    ]
