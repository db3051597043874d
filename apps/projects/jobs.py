"""Relay events to their subscribers and fetch repositories; sweep up what a crash or an empty Redis left behind."""

import logging
from datetime import timedelta

from celery import shared_task
from django.db.models.functions import Now

from apps import job_queue
from apps.projects.events import subscribers_of
from apps.projects.git.mirror import fetch as git_fetch
from apps.projects.git.webhooks import deliveries, resync
from apps.projects.models import Event

log = logging.getLogger(__name__)
GRACE = timedelta(seconds=5)


@shared_task
def relay(event_id: int) -> None:
    """Hand one event to its subscribers. Delivered twice, it finds the mark cleared."""
    event = Event.objects.select_related("project", "actor").filter(pk=event_id, is_due=True).first()
    if event is None:
        return
    for handler in subscribers_of(event.kind):
        handler(event)
    Event.objects.filter(pk=event.pk).update(is_due=False)


@shared_task
def relay_overdue() -> None:
    """Relay what stayed open for more than five seconds; one failing event does not stop the others."""
    left = (
        Event.objects.filter(is_due=True, created_at__lt=Now() - GRACE)
        .order_by("created_at")
        .values_list("pk", flat=True)[:500]
    )
    for pk in left:
        try:
            relay(pk)
        except Exception:
            log.exception("An event could not be relayed", extra={"event": pk})


@shared_task
def fetch(repository_id: int) -> None:
    """Fetch one repository, and once more if it was wanted again meanwhile."""
    if git_fetch.fetch(repository_id):
        job_queue.enqueue("apps.projects.jobs.fetch", repository_id)


@shared_task
def fetch_due() -> None:
    """Wake a worker for each repository whose time has come, or that a crash left behind."""
    for pk in git_fetch.due():
        job_queue.enqueue("apps.projects.jobs.fetch", pk)


@shared_task
def process_delivery(pk: int) -> None:
    """Delivered twice, it finds the delivery done."""
    deliveries.try_to_process(pk)


@shared_task
def process_overdue_deliveries() -> None:
    for pk in deliveries.overdue():
        deliveries.try_to_process(pk)


@shared_task
def delete_old_deliveries() -> None:
    deliveries.delete_old()


@shared_task
def resync_repository(pk: int) -> None:
    """A repository that fails says so itself; what nobody foresaw stays in the worker's log."""
    resync.resync_alone(pk)


@shared_task
def resync_repositories() -> None:
    """One job each, so that a slow forge holds up no other."""
    for pk in resync.due():
        job_queue.enqueue("apps.projects.jobs.resync_repository", pk)
