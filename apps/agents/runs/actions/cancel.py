"""Stops a run on our side. What the gateway still reports is kept as evidence and changes nothing."""

from apps.accounts.models import User
from apps.agents.models import Run
from apps.agents.runs import lifecycle
from apps.agents.runs.states import Status
from apps.projects.changes import locked_for_change
from apps.projects.permissions import Action


def cancel(run: Run, *, by: User) -> Run:
    """End `run` as cancelled unless it has ended already; exactly one of the two wins."""
    with locked_for_change(run.project_id, by=by, needs=Action.RUN):
        lifecycle.close(run, Status.CANCELLED, by=by)
    return run
