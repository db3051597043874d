"""Telling subscribers of an event, one by one: what fails is tried again later and later, and holds back nothing else.

The first try is a job of its own and leaves nothing behind when all goes well. What failed, and what a sweep finds
because its job was lost, is kept for each subscriber as an EventRelay.
"""

import logging
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps import job_queue
from apps.accounts import audit
from apps.accounts.models import User
from apps.errors import NotAllowed
from apps.projects.events.log import Handler, subscribers_of
from apps.projects.models import Event, EventRelay

log = logging.getLogger(__name__)
GRACE = timedelta(seconds=5)  # so the sweep leaves to the job what has only just come
BATCH = 500
FIRST_BACK_OFF = timedelta(seconds=10)
LONGEST_BACK_OFF = timedelta(hours=1)
MAX_ATTEMPTS = 12  # about five hours


def relay(event_id: int) -> None:
    """Tell the subscribers of one event. Delivered twice, it finds the mark cleared."""
    event = Event.objects.select_related("project", "actor").filter(pk=event_id, is_due=True).first()
    if event is None:
        return
    for handler in subscribers_of(event.kind):
        if error := _try(handler, event):
            _keep(event, name_of(handler), attempts=1, error=error, after=back_off(1))
    Event.objects.filter(pk=event.pk).update(is_due=False)


def relay_overdue() -> None:
    """Tell of what stayed open for more than GRACE, and try again what failed and whose time has come.

    Each try is counted before it is made: one that takes its worker along is none that is made for ever.
    """
    overdue = Event.objects.filter(is_due=True, created_at__lt=Now() - GRACE).order_by("created_at")
    for event in overdue[:BATCH]:
        with transaction.atomic():
            if not Event.objects.filter(pk=event.pk, is_due=True).update(is_due=False):
                continue  # its job, or another sweep, has told of it since it was read
            for handler in subscribers_of(event.kind):
                _keep(event, name_of(handler), attempts=0, error="", after=timedelta())
    due = EventRelay.objects.filter(next_attempt_at__lte=Now()).order_by("next_attempt_at", "pk")
    for open_relay in due.select_related("event__project", "event__actor")[:BATCH]:
        _attempt(open_relay)


def retry(relays: QuerySet[EventRelay], *, by: User) -> int:
    """Have them tried again from the beginning; how many. Raises NotAllowed unless `by` is an administrator."""
    if not (by.is_active and by.is_superuser):
        raise NotAllowed(_("Only administrators can do that."))
    with transaction.atomic():
        count = relays.update(attempts=0, next_attempt_at=Now())
        audit.record("event_relays.retried", by=by, count=count)
        transaction.on_commit(partial(job_queue.enqueue, "apps.projects.jobs.relay_overdue"), robust=True)
    return count


def name_of(handler: Handler) -> str:
    """By which it is found again, also by another process."""
    return f"{getattr(handler, '__module__', '')}.{getattr(handler, '__qualname__', type(handler).__name__)}"[:200]


def back_off(attempts: int) -> timedelta:
    """How long after that many tries the next one is made."""
    longer: timedelta = FIRST_BACK_OFF * 2 ** (attempts - 1)
    return min(longer, LONGEST_BACK_OFF)


def _keep(event: Event, subscriber: str, *, attempts: int, error: str, after: timedelta) -> None:
    row = EventRelay(event=event, subscriber=subscriber, attempts=attempts, error=error, next_attempt_at=Now() + after)
    EventRelay.objects.bulk_create([row], ignore_conflicts=True)


def _attempt(open_relay: EventRelay) -> None:
    """Tell the one subscriber, unless another worker has just begun to."""
    attempts = open_relay.attempts + 1
    mine = EventRelay.objects.filter(pk=open_relay.pk)
    claimed = mine.filter(attempts=open_relay.attempts, next_attempt_at__lte=Now()).update(
        attempts=F("attempts") + 1, next_attempt_at=Now() + back_off(attempts) if attempts < MAX_ATTEMPTS else None
    )
    if not claimed:
        return
    event = open_relay.event
    handler = next((each for each in subscribers_of(event.kind) if name_of(each) == open_relay.subscriber), None)
    if handler is None:
        mine.update(error="unknown subscriber", next_attempt_at=None)
    elif error := _try(handler, event):
        mine.update(error=error)
    else:
        mine.delete()


def _try(handler: Handler, event: Event) -> str:
    """Why it failed; "" when it did not."""
    try:
        handler(event)
    except Exception as error:
        facts = {"event": event.pk, "kind": event.kind, "subscriber": name_of(handler)}
        log.exception("An event could not be relayed", extra=facts)
        return type(error).__name__[:200]
    return ""
