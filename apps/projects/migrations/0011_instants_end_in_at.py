"""Instants are called by what happened then. An index follows its renamed column by itself, so only the state changes."""

from django.db import migrations, models

DUE = models.Q(is_due=True)


def known(*operations):
    return migrations.SeparateDatabaseAndState(state_operations=operations)


class Migration(migrations.Migration):
    dependencies = [("projects", "0010_description_and_webhook_deliveries")]

    operations = [
        known(
            migrations.RemoveIndex("Event", "event_due"),
            migrations.RemoveIndex("Branch", "branch_newest"),
            migrations.RemoveIndex("Commit", "commit_newest"),
        ),
        migrations.RenameField("Event", "at", "created_at"),
        migrations.RenameField("Branch", "at", "committed_at"),
        migrations.RenameField("Commit", "at", "committed_at"),
        migrations.RenameField("CheckRun", "at", "reported_at"),
        known(
            migrations.AddIndex("Event", models.Index(fields=["created_at"], name="event_due", condition=DUE)),
            migrations.AddIndex(
                "Branch", models.Index(fields=["repository", "-committed_at", "name"], name="branch_newest")
            ),
            migrations.AddIndex(
                "Commit", models.Index(fields=["repository", "-committed_at", "sha"], name="commit_newest")
            ),
        ),
    ]
