from django.db import migrations, models
from django.db.models.deletion import CASCADE


class Migration(migrations.Migration):
    """What is refused is a mention; its reasons get the words of hand-offs (the next migration rewrites the rows)."""

    dependencies = [("agents", "0009_handoff_permission")]

    operations = [
        migrations.RemoveConstraint("refusal", "refused_once_per_mention"),
        migrations.RenameModel("Refusal", "MentionRefusal"),
        migrations.AlterField(
            "mentionrefusal",
            "message",
            models.ForeignKey(on_delete=CASCADE, related_name="mention_refusals", to="chat.message"),
        ),
        migrations.AlterField(
            "mentionrefusal",
            "reason",
            models.CharField(
                choices=[
                    ("role", "Only who may direct agents here starts one by a mention."),
                    ("handoff", "An agent's message starts another agent only where a maintainer allows it."),
                    ("depth", "Agents have asked each other often enough; now it takes a person to ask."),
                    ("daily_limit", "Agents have asked each other as often as they may in a day."),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            "mentionrefusal", models.UniqueConstraint(fields=("message", "agent"), name="mention_refusal_once")
        ),
    ]
