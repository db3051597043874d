"""Ending a run, once: its slot is free with that, and the next in line starts."""

from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.agents.models import Run
from apps.agents.runs import run_notes, targets
from apps.projects import events
from apps.projects.models import Project

ENDED = {
    Run.Status.SUCCEEDED: (run_notes.State.DONE, "result"),
    Run.Status.FAILED: (run_notes.State.FAILED, "failed"),
    Run.Status.TIMED_OUT: (run_notes.State.FAILED, "timed_out"),
}


@transaction.atomic
def close(run: Run, status: str, *, by: User | None, error: str = "", send_count: int | None = None, **result) -> bool:
    """End `run` as `status` and log `run.closed`; False when it had ended already.

    `result` are further fields of the run, such as its tokens. `send_count` fences: only if no other
    worker has sent the run again since. Whoever comes second changes nothing. `run` is refreshed.
    """
    project = Project.objects.locked(run.project_id)
    still_open = Run.objects.open().filter(pk=run.pk)
    if send_count is not None:
        still_open = still_open.filter(send_count=send_count, status=Run.Status.SENDING)
    closed = still_open.update(
        status=status,
        error=error[:500],
        ended_at=timezone.now(),
        review=review_after(run, status),
        lease_until=None,
        **result,
    )
    run.refresh_from_db(from_queryset=Run.objects.with_related())
    if not closed:
        return False
    if status in ENDED:
        state, code = ENDED[status]
        run_notes.put(run, state, code, error=run.error)
    else:
        run_notes.clear(run)
    events.record(project, "run.closed", by=by, **targets.marks(run), status=status, error=run.error)
    nudge_later(run)
    return True


def review_after(run: Run, status: str) -> str:
    """Whether a person has to accept what came of the run."""
    is_for_review = status == Run.Status.SUCCEEDED and targets.of(run).is_reviewed
    return Run.Review.WAITING if is_for_review else Run.Review.NONE


def nudge_later(run: Run) -> None:
    """Once this commits, look at the agent's queue: a slot may be free, or somebody new is waiting."""
    nudge_agent_later(run.agent_id)


def nudge_agent_later(agent_id: UUID) -> None:
    from apps.agents import jobs  # the jobs call the verbs, and the verbs wake the jobs

    transaction.on_commit(partial(jobs.nudge, agent_id), robust=True)
