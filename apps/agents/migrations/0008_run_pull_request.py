from django.db import migrations, models
from django.db.models.deletion import CASCADE


class Migration(migrations.Migration):
    """What ties a pull request to a run is called after the two."""

    dependencies = [("agents", "0007_callback_report")]

    operations = [
        migrations.RemoveConstraint("evidence", "evidence_once_per_run"),
        migrations.RenameModel("Evidence", "RunPullRequest"),
        migrations.RenameField("runpullrequest", "request", "pull_request"),
        migrations.AlterField(
            "runpullrequest",
            "run",
            models.ForeignKey(on_delete=CASCADE, related_name="pull_request_links", to="agents.run"),
        ),
        migrations.AlterField(
            "runpullrequest",
            "pull_request",
            models.ForeignKey(on_delete=CASCADE, related_name="run_links", to="projects.pullrequest"),
        ),
        migrations.AddConstraint(
            "runpullrequest",
            models.UniqueConstraint(fields=("run", "pull_request"), name="pull_request_once_per_run"),
        ),
    ]
