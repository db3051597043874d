from django.db import migrations, models
from django.db.models.deletion import CASCADE


class Migration(migrations.Migration):
    """Which agent may start which is a permission to hand off, with who granted it and when."""

    dependencies = [("agents", "0008_run_pull_request")]

    operations = [
        migrations.RemoveConstraint("allowedpair", "pair_once_per_project"),
        migrations.RemoveConstraint("allowedpair", "pair_of_two"),
        migrations.RenameModel("AllowedPair", "HandoffPermission"),
        migrations.RenameField("handoffpermission", "by", "granted_by"),
        migrations.RenameField("handoffpermission", "at", "granted_at"),
        migrations.AlterField(
            "handoffpermission",
            "project",
            models.ForeignKey(on_delete=CASCADE, related_name="handoff_permissions", to="projects.project"),
        ),
        migrations.AddConstraint(
            "handoffpermission",
            models.UniqueConstraint(fields=("project", "from_agent", "to_agent"), name="handoff_permission_once"),
        ),
        migrations.AddConstraint(
            "handoffpermission",
            models.CheckConstraint(
                condition=models.Q(("from_agent", models.F("to_agent")), _negated=True),
                name="handoff_between_two_agents",
            ),
        ),
    ]
