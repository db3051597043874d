from django.db import models

from apps.agents.models.gateway import Gateway
from apps.agents.models.run import Run


class CallbackReport(models.Model):
    """One callback as it came in: kept as proof, and so that a repeated delivery changes nothing."""

    gateway = models.ForeignKey(Gateway, models.CASCADE, related_name="callback_reports", db_index=False)
    event_id = models.CharField(max_length=100)
    run = models.ForeignKey(Run, models.CASCADE, null=True, related_name="callback_reports")
    kind = models.CharField(max_length=40)
    body = models.JSONField()
    # What it came to: "applied", "late" (kept, without effect) or "ignored", and the stored answer.
    outcome = models.CharField(max_length=20)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gateway", "event_id"], name="callback_report_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"
