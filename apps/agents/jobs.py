"""The worker's door: which agents may start something, and what was left behind.

Celery messages carry an id at the most and may all vanish. The sweeps find in the database what
is due; beat calls them, and each worker's own clock does when beat, or Redis, has gone silent.
"""

import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from celery import Task, shared_task
from django.db import close_old_connections
from kombu.exceptions import OperationalError

from apps import job_queue
from apps.agents import old_bodies
from apps.agents.models import Agent, Run
from apps.agents.runs import dispatch, stops, wait_reasons, wake
from apps.agents.runs.callbacks import reconcile

log = logging.getLogger(__name__)
WORKER = socket.gethostname()
# Only used while the broker is away: then this process does the work that it cannot hand on.
_local_workers = ThreadPoolExecutor(8, thread_name_prefix="without-broker")


@shared_task
def work_through(agent_id: str) -> None:
    """Start what may start of one agent's queue, then say the reasons of what still waits.

    Also while another worker hands over a run of the queue, which may take it half a minute.
    """
    while dispatch.start_next(UUID(agent_id), f"{WORKER}:{threading.get_ident()}"):
        pass
    wait_reasons.refresh(dispatch.agent_of(UUID(agent_id)))


@shared_task
def start_due_runs() -> None:
    """Free what dead workers held, then wake every agent that has something due."""
    reconcile.release_expired_leases()
    broker_answers = True
    for agent in Agent.objects.filter(runs__status=Run.Status.QUEUED).distinct():
        free = max(1, min(agent.max_concurrent - agent.current_tasks, agent.runs.queued().count(), 8))
        for _ in range(free):
            broker_answers = broker_answers and _is_handed_over(wake.JOB, agent.pk)
            if not broker_answers:  # nor is it asked again in this sweep: each time may take seconds
                _local_workers.submit(_run_here, work_through, str(agent.pk))


@shared_task
def stop_run(run_id: str) -> None:
    """Have its gateway stop a run that was ended here."""
    stops.ask(UUID(run_id))


@shared_task
def repeat_stops() -> None:
    """Ask again for every stop of which nobody knows yet whether it was one."""
    broker_answers = True
    for run_id in stops.due().values_list("run_key", flat=True):
        broker_answers = broker_answers and _is_handed_over(wake.STOP_JOB, run_id)
        if not broker_answers:
            _local_workers.submit(_run_here, stop_run, str(run_id))


def _is_handed_over(job: str, row_id: UUID) -> bool:
    try:
        job_queue.send(job, str(row_id))
    except OperationalError:
        return False
    return True


def _run_here(job: "Task[[str], None]", row_id: str) -> None:
    try:
        job(row_id)
    except Exception:
        log.exception("A job could not be done without a broker", extra={"job": job.name, "about": row_id})
    finally:
        close_old_connections()


@shared_task
def reconcile_runs() -> None:
    """Runs past their deadline or long quiet: read what the gateway knows, else say that time is up."""
    reconcile.end_overdue_runs()
    reconcile.look_up_quiet_runs()
    reconcile.stop_runs_of_disabled_gateways()
    stops.forget()


@shared_task
def empty_old_bodies() -> None:
    """What was sent and reported, once it is older than it is to be kept."""
    old_bodies.empty()
