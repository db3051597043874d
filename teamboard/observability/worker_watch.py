"""A web process says on the cards that no worker runs: those who would say it are not there."""

import logging
import threading

from django.db import close_old_connections

from apps.agents import processes
from apps.agents.models import Agent, Run
from apps.agents.runs import wait_reasons

log = logging.getLogger(__name__)
EVERY = 4.0  # seconds


def start() -> None:
    threading.Thread(target=_watch, name="worker-watch", daemon=True).start()


def _watch() -> None:
    waiting = threading.Event()
    while not waiting.wait(EVERY):
        try:
            look()
        except Exception:
            log.exception("The cards of what waits could not be looked at")
        finally:
            close_old_connections()


def look() -> None:
    """Write the true notes of all that waits, while no worker does; what is said already is not written again."""
    if processes.WORKER in processes.read_silent():
        for agent in Agent.objects.filter(runs__status=Run.Status.QUEUED).distinct().select_related("gateway", "user"):
            wait_reasons.refresh(agent)
