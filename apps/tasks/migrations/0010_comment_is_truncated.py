"""Say of a comment that it is only the beginning of what its author said."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tasks", "0009_pull_request_rules"),
    ]

    operations = [
        migrations.AddField(
            model_name="comment",
            name="is_truncated",
            field=models.BooleanField(default=False),
        ),
    ]
