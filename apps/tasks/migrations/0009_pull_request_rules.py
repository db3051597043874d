import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

EVENTS = ["draft", "open", "changes", "merged", "closed"]


class Migration(migrations.Migration):
    dependencies = [("tasks", "0008_code_link_constraint")]

    operations = [
        migrations.RemoveConstraint("coderule", "code_rule_once_per_occasion"),
        migrations.RemoveConstraint("coderule", "code_rule_occasion_known"),
        migrations.RenameModel("CodeRule", "PullRequestRule"),
        migrations.RenameField("pullrequestrule", "occasion", "event"),
        migrations.AlterField(
            "pullrequestrule",
            "project",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="pull_request_rules", to="projects.project"
            ),
        ),
        migrations.AddConstraint(
            "pullrequestrule",
            models.UniqueConstraint(fields=["project", "event"], name="pull_request_rule_once_per_event"),
        ),
        migrations.AddConstraint(
            "pullrequestrule",
            models.CheckConstraint(name="pull_request_rule_event_known", condition=Q(event__in=EVENTS)),
        ),
        migrations.RenameModel("BranchNaming", "BranchNameTemplate"),
        migrations.AlterField(
            "branchnametemplate",
            "project",
            models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                primary_key=True,
                related_name="branch_name_template",
                serialize=False,
                to="projects.project",
            ),
        ),
    ]
