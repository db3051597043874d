"""A gateway that cannot be reached is left alone for a while (a circuit breaker, kept in its row)."""

from datetime import timedelta

from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from apps.agents.models import Gateway

MAX_FAILURES = 5
RETRY_AFTER = timedelta(seconds=30)


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


def record_result(gateway: Gateway, *, reached: bool, reason: str = "") -> None:
    """Close the breaker when the gateway was reached; count towards opening it when it was not."""
    row = Gateway.objects.filter(pk=gateway.pk)
    if reached:
        row.filter(Q(failures__gt=0) | Q(down_since__isnull=False)).update(
            failures=0, retry_at=None, down_since=None, last_error=""
        )
        return
    row.update(failures=F("failures") + 1, last_error=reason[:300], down_since=Coalesce(F("down_since"), Now()))
    row.filter(failures__gte=MAX_FAILURES).update(retry_at=Now() + RETRY_AFTER)
