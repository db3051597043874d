from django.db import migrations, models

# Those that an operator named and that have worked without a proof so far go on; the check of the connection says so.
CONFIRM_THOSE_THAT_WORK = """
UPDATE agents_gateway SET unproved_url = url
WHERE proved_at IS NULL AND NOT is_practice AND (admitted_at IS NOT NULL OR last_callback_at IS NOT NULL)
"""


class Migration(migrations.Migration):
    dependencies = [("agents", "0033_stop_request_outlives_its_run")]

    operations = [
        migrations.AddField("gateway", "unproved_url", models.URLField(blank=True, editable=False)),
        migrations.RunSQL(CONFIRM_THOSE_THAT_WORK, migrations.RunSQL.noop),
    ]
