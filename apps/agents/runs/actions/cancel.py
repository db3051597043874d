"""Stopping a run on our side. What the gateway still reports is kept as evidence and changes nothing."""

from apps.accounts.models import User
from apps.agents.models import Run
from apps.agents.runs import lifecycle


def cancel(run: Run, *, by: User) -> Run:
    """End `run` as cancelled unless it has ended already; exactly one of the two wins."""
    lifecycle.close(run, Run.Status.CANCELLED, by=by)
    return run
