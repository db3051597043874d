from django.db import migrations, models


class Migration(migrations.Migration):
    """Workers write when they, the broker and beat were last alive."""

    dependencies = [
        ("agents", "0029_result_truncated"),
    ]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("part", models.CharField(max_length=10, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
        ),
    ]
