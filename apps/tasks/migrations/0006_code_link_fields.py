from django.db import migrations, models


class Migration(migrations.Migration):
    """The constraint on `kind` comes back in 0008, when the rows have the new value."""

    dependencies = [("tasks", "0005_status_note")]

    operations = [
        migrations.RemoveConstraint("codelink", "code_link_knows_its_request"),
        migrations.RenameField("codelink", "request", "pull_request"),
        migrations.RenameField("codelink", "acts", "triggers_moves"),
        migrations.RenameField("codelink", "is_cut", "dismissed"),
        migrations.RenameField("codelink", "occasion", "last_event"),
        migrations.RenameField("codelink", "by", "created_by"),
        migrations.AlterField(
            "codelink",
            "kind",
            models.CharField(
                choices=[("branch", "branch"), ("commit", "commit"), ("pull_request", "pull request")], max_length=12
            ),
        ),
    ]
