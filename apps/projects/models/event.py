"""The log that every change of a project is written to."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.projects.models.project import Project


class Event(models.Model):
    """One change of a project. `seq` has no gaps, and its order is commit order."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="events")
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=40)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # The task the change is about; `payload["tasks"]` names further ones whose faces it changes.
    task_id = models.BigIntegerField(null=True)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    # The open outbox mark: set only for kinds that somebody subscribed to, cleared once relayed.
    is_due = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "seq"], name="event_seq_once_per_project")]
        indexes = [
            models.Index(fields=["task_id", "seq"], name="event_of_task"),
            models.Index(fields=["created_at"], name="event_due", condition=Q(is_due=True)),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"
