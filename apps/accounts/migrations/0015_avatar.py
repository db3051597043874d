"""A person's picture is called their avatar, as everywhere else."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_name_in_order")]

    operations = [
        migrations.RenameModel("Picture", "Avatar"),
        migrations.RenameField("User", "picture", "avatar"),
    ]
