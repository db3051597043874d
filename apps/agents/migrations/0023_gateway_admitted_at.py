from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0022_run_queued_at"),
    ]

    operations = [
        migrations.AddField(
            model_name="gateway",
            name="admitted_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
