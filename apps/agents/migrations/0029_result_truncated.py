"""Keep whether a result is only the beginning of the answer, and in which comment it stands."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0028_failure_streak"),
        ("tasks", "0010_comment_is_truncated"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="is_result_truncated",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="run",
            name="result_comment",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="tasks.comment"
            ),
        ),
    ]
