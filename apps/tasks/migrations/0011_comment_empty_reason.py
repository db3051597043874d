"""Say of an agent's comment without text why it has none."""

from django.db import migrations, models
from django.db.models import Q

REASONS = [
    ("no_answer", "The agent finished without a word."),
    ("ended_by_tool", "A tool ended the agent's turn: there is no answer."),
]


class Migration(migrations.Migration):
    dependencies = [
        ("tasks", "0010_comment_is_truncated"),
    ]

    operations = [
        migrations.AddField(
            model_name="comment",
            name="empty_reason",
            field=models.CharField(blank=True, choices=REASONS, default="", max_length=20),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                name="comment_empty_or_text", condition=Q(("empty_reason", ""), ("text", ""), _connector="OR")
            ),
        ),
    ]
