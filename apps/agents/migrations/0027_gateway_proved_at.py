from django.db import migrations, models


class Migration(migrations.Migration):
    """Since when a gateway is known to have our secret: from then on it has to prove it."""

    dependencies = [("agents", "0026_pause_after_restore")]

    operations = [
        migrations.AddField(
            model_name="gateway",
            name="proved_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
