"""Relay events to their subscribers and fetch repositories; sweep up what a crash or an empty Redis left behind."""

from celery import shared_task

from apps import job_queue
from apps.projects.events import relay as event_relay
from apps.projects.git.mirror import fetch as git_fetch
from apps.projects.git.webhooks import deliveries, resync


@shared_task
def relay(event_id: int) -> None:
    """Hand one event to its subscribers."""
    event_relay.relay(event_id)


@shared_task
def relay_overdue() -> None:
    """Hand on what lost its job, and try again what failed."""
    event_relay.relay_overdue()


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
