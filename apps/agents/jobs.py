"""The worker's door: which agents may start something, and what was left behind.

Celery messages carry an id at the most and may all vanish. The sweeps find in the database what
is due; beat calls them, and each worker's own clock does when beat, or Redis, has gone silent.
"""

import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from celery import shared_task
from kombu.exceptions import OperationalError

from apps.agents.models import Agent, Run
from apps.agents.runs import dispatch, reconcile, wait_reasons

log = logging.getLogger(__name__)
WORKER = socket.gethostname()
# Only used while the broker is away: then this process does the work that it cannot hand on.
_own_hands = ThreadPoolExecutor(8, thread_name_prefix="without-broker")


@shared_task
def work_through(agent_id: str) -> None:
    """Start what may start of one agent's queue, then say the reasons of what still waits.

    While another worker hands over a run of the queue, that one looks after the rest when it is through.
    """
    while dispatch.start_next(UUID(agent_id), f"{WORKER}:{threading.get_ident()}"):
        pass
    agent = Agent.objects.select_related("gateway", "user").get(pk=agent_id)
    if not agent.runs.filter(status=Run.Status.SENDING).exists():
        wait_reasons.refresh(agent)


def nudge(agent_id: UUID) -> None:
    """Wake a worker for the agent's queue, if it has one; without a broker the sweep does it, seconds later.

    Call it after the commit: whoever queues a run later calls it too, and finds what was freed here.
    """
    if not Run.objects.queued().filter(agent=agent_id).exists():
        return
    try:
        work_through.delay(str(agent_id))
    except OperationalError as error:
        log.warning("A nudge was lost", extra={"agent": str(agent_id), "error": repr(error)})


@shared_task
def start_due_runs() -> None:
    """Free what dead workers held, then nudge every agent that has something due."""
    reconcile.free_expired_leases()
    for agent in Agent.objects.filter(runs__status=Run.Status.QUEUED).distinct():
        free = max(1, min(agent.max_concurrent - agent.current_tasks, agent.runs.queued().count(), 8))
        for _ in range(free):
            _hand_on(agent)


def _hand_on(agent: Agent) -> None:
    try:
        work_through.delay(str(agent.pk))
    except OperationalError:
        _own_hands.submit(_by_hand, str(agent.pk))


def _by_hand(agent_id: str) -> None:
    from django.db import close_old_connections

    try:
        work_through(agent_id)
    except Exception:
        log.exception("A queue could not be worked through", extra={"agent": agent_id})
    finally:
        close_old_connections()


@shared_task
def reconcile_runs() -> None:
    """Runs past their deadline: read what the gateway knows, else say that time is up."""
    reconcile.runs_past_deadline()
