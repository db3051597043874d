"""Say of an agent's message that there was more of it, or why it has no text."""

from django.db import migrations, models
from django.db.models import Q

REASONS = [
    ("no_answer", "The agent finished without a word."),
    ("ended_by_tool", "A tool ended the agent's turn: there is no answer."),
]


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0023_search_text"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="is_truncated",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="message",
            name="empty_reason",
            field=models.CharField(blank=True, choices=REASONS, default="", max_length=20),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                name="message_empty_or_text", condition=Q(("empty_reason", ""), ("text", ""), _connector="OR")
            ),
        ),
    ]
