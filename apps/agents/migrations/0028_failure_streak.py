import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """An agent whose runs fail for one reason is paused, and what failed alike is found by it."""

    dependencies = [
        ("agents", "0027_gateway_proved_at"),
    ]

    operations = [
        migrations.CreateModel(
            name="FailureStreak",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("fingerprint", models.CharField(max_length=64)),
                ("error", models.CharField(blank=True, max_length=500)),
                ("cause", models.CharField(blank=True, max_length=20)),
                ("count", models.PositiveIntegerField(default=1)),
                ("paused_at", models.DateTimeField(null=True)),
                ("probe_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="run",
            name="failure",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("failure", ""), _negated=True), fields=["agent", "failure"], name="run_of_failure"
            ),
        ),
        migrations.AddField(
            model_name="failurestreak",
            name="agent",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="failure_streak", to="agents.agent"
            ),
        ),
        migrations.AddConstraint(
            model_name="failurestreak",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("paused_at", None), ("probe_at", None)),
                    models.Q(("paused_at__isnull", False), ("probe_at__isnull", False)),
                    _connector="OR",
                ),
                name="failure_streak_probes_when_paused",
            ),
        ),
    ]
