from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.agents.models.gateway import Gateway
from apps.agents.models.run import Run


class StopRequestQuerySet(models.QuerySet["StopRequest"]):
    def unconfirmed(self) -> "StopRequestQuerySet":
        """Those of which nobody knows yet that the run does not go on at the gateway."""
        return self.exclude(state=StopRequest.State.STOPPED)


class StopRequest(models.Model):
    """A run that was sent and is to end at its gateway, too: asked for again and again until that is known."""

    class State(models.TextChoices):
        STOPPING = "stopping", _("stopping")
        STOPPED = "stopped", _("stopped")
        UNCONFIRMED = "unconfirmed", _("stopped here")

    class Reason(models.TextChoices):
        """What keeps it from being known; the label stands within a sentence."""

        PENDING = "pending", _("it waits for another try of the model")
        OLD_PLUGIN = "old_plugin", _("old plugin")
        UNREACHABLE = "unreachable", _("gateway unreachable")
        SECRET = "secret", _("callback secret refused")
        CLOCK = "clock", _("the clocks of gateway and board differ")
        BUSY = "busy", _("gateway busy")
        NO_ANSWER = "no_answer", _("no usable answer")
        NO_GATEWAY = "no_gateway", _("gateway removed")

    # What the gateway is told to end; the run itself may be deleted meanwhile, and has to end there all the same.
    run_key = models.UUIDField(unique=True)
    run = models.OneToOneField(Run, models.SET_NULL, null=True, related_name="stop_request")
    gateway = models.ForeignKey(Gateway, models.SET_NULL, null=True, related_name="stop_requests")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=12, choices=State, default=State.STOPPING)
    reason = models.CharField(max_length=12, choices=Reason, blank=True)
    detail = models.CharField(max_length=300, blank=True)  # the gateway's own word
    ask_count = models.PositiveSmallIntegerField(default=0)
    ask_at = models.DateTimeField(db_default=Now())  # not to be asked for again before
    # Until then no other run of its session is sent: the gateway would turn it away while the stopped one is at work.
    holds_session_until = models.DateTimeField()
    requested_at = models.DateTimeField(db_default=Now())

    objects = StopRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="stop_request_says_why",
                condition=~models.Q(state="unconfirmed") | ~models.Q(reason=""),
            )
        ]
        indexes = [
            models.Index(fields=["ask_at"], name="stop_request_open", condition=~models.Q(state="stopped")),
        ]

    def __str__(self) -> str:
        return f"{self.run or self.run_key}: {self.state}"
