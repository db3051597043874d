from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0023_agent_slug_per_gateway"),
    ]

    operations = [
        migrations.AddField(
            model_name="gateway",
            name="admitted_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
