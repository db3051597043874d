"""Let a comment that is sent again, with its author's own id, be posted once."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("tasks", "0012_empty_comments"),
    ]

    operations = [
        migrations.AddField(
            model_name="comment",
            name="client_comment_id",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.UniqueConstraint(fields=("task", "author", "client_comment_id"), name="comment_once"),
        ),
    ]
