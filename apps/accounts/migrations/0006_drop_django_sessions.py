from django.db import migrations


class Migration(migrations.Migration):
    """Sessions are in accounts_loginsession now. Undone, the table is not there again: nobody reads it."""

    dependencies = [("accounts", "0005_sessions_end_with_the_account")]

    operations = [migrations.RunSQL("DROP TABLE IF EXISTS django_session", migrations.RunSQL.noop)]
