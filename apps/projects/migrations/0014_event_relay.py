"""What subscribers have still to be told of an event, each with its attempts."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0013_repository_mirror_wanted_at"),
    ]

    operations = [
        migrations.CreateModel(
            name="EventRelay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subscriber", models.CharField(max_length=200, verbose_name="subscriber")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("error", models.CharField(blank=True, max_length=200, verbose_name="error")),
                ("next_attempt_at", models.DateTimeField(null=True, verbose_name="next attempt")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="since"),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="relays",
                        to="projects.event",
                        verbose_name="event",
                    ),
                ),
            ],
            options={
                "verbose_name": "event not relayed",
                "verbose_name_plural": "events not relayed",
                "indexes": [models.Index(fields=["next_attempt_at"], name="event_relay_due")],
                "constraints": [
                    models.UniqueConstraint(fields=("event", "subscriber"), name="event_relay_once_per_subscriber")
                ],
            },
        ),
    ]
