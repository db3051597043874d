"""Count the attempts to fetch a preview, so that one that fails every time holds back no other."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0021_words_in_rows"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="linkpreview",
            name="preview_unfetched",
        ),
        migrations.AddField(
            model_name="linkpreview",
            name="attempts",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="linkpreview",
            name="next_attempt_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddIndex(
            model_name="linkpreview",
            index=models.Index(
                condition=models.Q(("fetched_at", None)), fields=["next_attempt_at"], name="preview_unfetched"
            ),
        ),
    ]
