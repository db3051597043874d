from django.db import migrations, models
from django.db.models.deletion import SET_NULL

OPEN = ["queued", "sending", "running", "needs_input", "uncertain"]


class Migration(migrations.Migration):
    """Fields and constraints of a run say what they hold (the next migration rewrites the reviews)."""

    dependencies = [("agents", "0010_mention_refusal")]

    operations = [
        migrations.RenameField("run", "about", "referenced_task"),
        migrations.AlterField(
            "run",
            "referenced_task",
            models.ForeignKey(null=True, on_delete=SET_NULL, related_name="referencing_runs", to="tasks.task"),
        ),
        migrations.RenameField("run", "depth", "handoff_depth"),
        migrations.RenameField("run", "note", "status_note"),
        migrations.RenameField("run", "sends", "send_count"),
        migrations.AlterField(
            "run",
            "review",
            models.CharField(
                blank=True,
                choices=[
                    ("", "not reviewed"),
                    ("waiting", "waits for a person"),
                    ("accepted", "accepted"),
                    ("changes_requested", "sent back"),
                ],
                default="",
                max_length=20,
            ),
        ),
        migrations.RemoveConstraint("run", "run_in_one_place"),
        migrations.AddConstraint(
            "run",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("message", None), ("task__isnull", False)),
                    models.Q(("message__isnull", False), ("task", None)),
                    _connector="OR",
                ),
                name="run_has_one_target",
            ),
        ),
        migrations.RemoveConstraint("run", "one_question_at_once_per_conversation"),
        migrations.AddConstraint(
            "run",
            models.UniqueConstraint(
                condition=models.Q(("first_sent_at__isnull", False), ("status__in", OPEN)),
                fields=("agent", "session_key"),
                name="one_sent_run_per_session",
            ),
        ),
    ]
