"""What a gateway is spared: one that can't be reached is left alone for a while (a circuit breaker, kept in its row),
and none is handed too many runs at the same time."""

from datetime import timedelta

from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from apps.agents.gateways import restarts
from apps.agents.models import Gateway

MAX_FAILURES = 5
RETRY_AFTER = timedelta(seconds=30)
MAX_SENDING = 8  # what a gateway takes, and half of one worker's threads
MAX_SENDING_COLD = 2  # an agent's first run takes seconds to prepare: of 24 at once a fresh gateway dropped 16
WARM_FOR = timedelta(minutes=15)
NOTED_EVERY = timedelta(minutes=1)


def is_open(gateway: Gateway) -> bool:
    """Whether nothing may be sent: it failed too often, and it is not time yet to probe it."""
    return gateway.failures >= MAX_FAILURES and gateway.retry_at is not None and gateway.retry_at > timezone.now()


def is_half_open(gateway: Gateway) -> bool:
    """Whether one run may be sent, to probe it."""
    return gateway.failures >= MAX_FAILURES and not is_open(gateway)


def allows_request(gateway: Gateway) -> bool:
    """Whether a run may be sent now. Half open, exactly one caller gets True and probes."""
    if not gateway.is_enabled:
        return False
    if gateway.failures < MAX_FAILURES:
        return True
    probing = Gateway.objects.filter(pk=gateway.pk).filter(Q(retry_at=None) | Q(retry_at__lte=Now()))
    return probing.update(retry_at=Now() + RETRY_AFTER) == 1


def max_sending(gateway: Gateway) -> int:
    """How many runs may be on their way to it."""
    is_warm = gateway.admitted_at is not None and gateway.admitted_at > timezone.now() - WARM_FOR
    return MAX_SENDING if is_warm else MAX_SENDING_COLD


def note_admission(gateway: Gateway) -> None:
    """It has taken a run, so it is warm. Not each one is written down: the row is everybody's."""
    if gateway.admitted_at and gateway.admitted_at > timezone.now() - NOTED_EVERY:
        return
    noted = Q(admitted_at=None) | Q(admitted_at__lt=Now() - NOTED_EVERY)
    Gateway.objects.filter(noted, pk=gateway.pk).update(admitted_at=Now())


def record_result(gateway: Gateway, *, reached: bool, reason: str = "") -> None:
    """Close the breaker when the gateway was reached; count towards opening it when it was not."""
    row = Gateway.objects.filter(pk=gateway.pk)
    if reached:
        was_away = row.filter(Q(failures__gt=0) | Q(down_since__isnull=False)).update(
            failures=0, retry_at=None, down_since=None, last_error=""
        )
        if was_away:
            restarts.look_at_its_runs(gateway)
        return
    row.update(failures=F("failures") + 1, last_error=reason[:300], down_since=Coalesce(F("down_since"), Now()))
    row.filter(failures__gte=MAX_FAILURES).update(retry_at=Now() + RETRY_AFTER)
