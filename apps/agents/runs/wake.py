"""Wake a worker for an agent's queue: by the job's name, so that whatever jobs call may call this."""

import logging
from functools import partial
from uuid import UUID

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.agents.models import Run

log = logging.getLogger(__name__)
JOB = "apps.agents.jobs.work_through"


def wake_after_commit(agent_id: UUID) -> None:
    """Once this commits, look at the agent's queue: a slot may be free, or somebody new is waiting."""
    transaction.on_commit(partial(wake, agent_id), robust=True)


def wake(agent_id: UUID) -> None:
    """Enqueue the job, if the agent's queue has a run; without a broker the sweep does it, seconds later.

    Call it after the commit: whoever queues a run later calls it too, and finds what was freed here.
    """
    if not Run.objects.queued().filter(agent=agent_id).exists():
        return
    try:
        current_app.signature(JOB, args=[str(agent_id)]).delay()
    except OperationalError as error:
        log.warning("A queue could not be woken", extra={"agent": str(agent_id), "error": repr(error)})
