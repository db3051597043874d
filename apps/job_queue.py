"""Waking a job by its name: jobs import what they call, so nothing that they call imports them."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def enqueue(job: str, *args: object) -> None:
    """Have a worker run `job`, such as "apps.projects.jobs.relay". Raises OperationalError without a broker."""
    current_app.send_task(job, args=args)


def enqueue_or_leave(job: str, *args: object) -> None:
    """The same for a job whose sweep finds what it was woken for: without a broker that comes a little later."""
    try:
        enqueue(job, *args)
    except OperationalError as error:
        log.warning("A job waits for its sweep", extra={"job": job, "about": args, "error": repr(error)})
