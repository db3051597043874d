"""Wake a worker for an agent's queue: by the job's name, so that whatever jobs call may call this."""

from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from apps import job_queue
from apps.agents.models import Run
from apps.sql.compiled import compiled

JOB = "apps.agents.jobs.work_through"
STOP_JOB = "apps.agents.jobs.stop_run"


def wake_after_commit(agent_id: UUID) -> None:
    """Once this commits, look at the agent's queue: a slot may be free, or somebody new is waiting."""
    transaction.on_commit(partial(wake, agent_id), robust=True)


def wake(agent_id: UUID) -> None:
    """Enqueue the job, if the agent's queue has a run; without a broker the sweep does it, seconds later.

    Call it after the commit: whoever queues a run later calls it too, and finds what was freed here.
    """
    if _queued.all(agent=agent_id):
        job_queue.enqueue(JOB, str(agent_id))


@compiled
def _queued(agent: UUID) -> QuerySet[Run, UUID]:
    return Run.objects.queued().filter(agent=agent).values_list("pk", flat=True)[:1]


def wake_stop_after_commit(run_id: UUID) -> None:
    """Once this commits, have the gateway stop the run, which may be deleted by then."""
    transaction.on_commit(partial(wake_stop, run_id), robust=True)


def wake_stop(run_id: UUID) -> None:
    """Enqueue the job; without a broker the sweep does it, seconds later."""
    job_queue.enqueue(STOP_JOB, str(run_id))
