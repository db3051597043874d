from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0012_roles_and_resync")]

    operations = [
        migrations.AddField(
            model_name="repository",
            name="mirror_wanted_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
