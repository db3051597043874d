"""Stops a run: here at once, and at its gateway as soon as that can be reached."""

from apps.accounts.models import User
from apps.agents.models import Run
from apps.agents.runs import lifecycle
from apps.agents.runs.states import Status
from apps.projects.changes import locked_for_change
from apps.projects.permissions import Action


def cancel(run: Run, *, by: User) -> Run:
    """End `run` as cancelled unless it has ended already; exactly one of the two wins.

    What the gateway still reports of it is kept as evidence, and confirms that it has stopped.
    """
    with locked_for_change(run.project_id, by=by, needs=Action.RUN):
        lifecycle.close(run, Status.CANCELLED, by=by)
    return run
