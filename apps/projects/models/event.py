"""The log that every change of a project is written to."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.projects.models.project import Project


class Event(models.Model):
    """One change of a project. `seq` has no gaps, and its order is commit order."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="events", db_index=False)
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


class EventRelay(models.Model):
    """What one subscriber has still to be told of an event: it failed, or the job was lost.

    Deleted once it is through. Without `next_attempt_at` nobody tries any more, until an administrator says so.
    """

    event = models.ForeignKey(Event, models.CASCADE, related_name="relays", verbose_name=_("event"), db_index=False)
    subscriber = models.CharField(_("subscriber"), max_length=200)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.CharField(_("error"), max_length=200, blank=True)  # its type; people's words stay out
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True)
    created_at = models.DateTimeField(_("since"), db_default=Now())

    class Meta:
        verbose_name = _("event not relayed")
        verbose_name_plural = _("events not relayed")
        constraints = [models.UniqueConstraint(fields=["event", "subscriber"], name="event_relay_once_per_subscriber")]
        indexes = [models.Index(fields=["next_attempt_at"], name="event_relay_due")]

    def __str__(self) -> str:
        return f"{self.event} → {self.subscriber}"
