"""Stopping a run on our side. What the gateway still reports is kept as evidence and changes nothing."""

from apps.accounts.models import User
from apps.agents import closing
from apps.agents.models import Run


def cancel(run: Run, *, by: User) -> Run:
    """End `run` as cancelled unless it has ended already; exactly one of the two wins."""
    closing.close(run, Run.Status.CANCELLED, by=by)
    return run
