from django.db import migrations, models


class Migration(migrations.Migration):
    """Agents that only practise are marked as such wherever a user is shown."""

    dependencies = [("accounts", "0016_instants_end_in_at")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="is_practice",
            field=models.BooleanField(default=False, editable=False),
        ),
    ]
