from django.db import migrations, models


class Migration(migrations.Migration):
    """A board that was restored from a backup waits for a person before its agents start anything."""

    dependencies = [("agents", "0025_run_look_at")]

    operations = [
        migrations.AddField(model_name="pause", name="after_restore", field=models.BooleanField(default=False)),
    ]
