from django.db import migrations, models
from django.db.models.deletion import CASCADE


class Migration(migrations.Migration):
    """A report is called after what brings it: a callback."""

    dependencies = [("agents", "0006_evidence")]

    operations = [
        migrations.RemoveConstraint("report", "report_once"),
        migrations.RenameModel("Report", "CallbackReport"),
        migrations.RenameField("callbackreport", "at", "received_at"),
        migrations.AlterField(
            "callbackreport",
            "gateway",
            models.ForeignKey(on_delete=CASCADE, related_name="callback_reports", to="agents.gateway"),
        ),
        migrations.AlterField(
            "callbackreport",
            "run",
            models.ForeignKey(null=True, on_delete=CASCADE, related_name="callback_reports", to="agents.run"),
        ),
        migrations.AddConstraint(
            "callbackreport", models.UniqueConstraint(fields=("gateway", "event_id"), name="callback_report_once")
        ),
    ]
