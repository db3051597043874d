"""Another sentence about a username that is taken. Nothing in the database changes."""

import django.contrib.auth.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0018_name_field")]

    operations = [
        migrations.AlterField(
            "User",
            "username",
            models.CharField(
                error_messages={"unique": "That username is already taken."},
                help_text="Letters, digits and @ . + - _ only.",
                max_length=150,
                unique=True,
                validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                verbose_name="username",
            ),
        ),
    ]
