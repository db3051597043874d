"""What names may hold is one rule in the code; usernames follow it as well. Nothing in the database changes."""

import django.contrib.auth.validators
import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0017_user_is_practice")]

    operations = [
        migrations.AlterField(
            "User",
            "name",
            models.CharField(
                max_length=100,
                validators=[django.core.validators.RegexValidator("\\w", "A name has letters that can be seen.")],
                verbose_name="name",
            ),
        ),
        migrations.AlterField(
            "User",
            "username",
            models.CharField(
                error_messages={"unique": "Somebody has that username already."},
                help_text="Letters, digits and @ . + - _ only.",
                max_length=150,
                unique=True,
                validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                verbose_name="username",
            ),
        ),
    ]
