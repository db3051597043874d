"""Instants are called by what happened then."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0015_avatar")]

    operations = [
        migrations.AlterModelOptions(
            "SignInAttempt",
            {
                "ordering": ["-attempted_at", "-pk"],
                "verbose_name": "sign-in with Authentik",
                "verbose_name_plural": "sign-ins with Authentik",
            },
        ),
        migrations.RenameField("SignInAttempt", "at", "attempted_at"),
        migrations.RenameField("UsedLogoutToken", "at", "used_at"),
    ]
