"""Asks an agent again for all that failed for one reason, once the reason is gone."""

from django.db import transaction

from apps.accounts.models import User
from apps.agents.models import Run
from apps.agents.roster import failure_streaks
from apps.agents.runs import wake
from apps.agents.runs.actions.retry import retry
from apps.errors import Refused
from apps.projects.changes import locked_for_change
from apps.projects.permissions import Action

MOST = 200  # at once; the rest stays for another click


def retry_alike(run: Run, *, by: User) -> list[Run]:
    """The next attempts of what failed in the project as `run` did; the first starts at once, as a probe.

    What somebody has asked for again meanwhile, or is gone, is left out.
    """
    with locked_for_change(run.project_id, run, by=by, needs=Action.RUN) as project:
        alike = failure_streaks.failed_alike(run).filter(project=project).with_related().order_by("queued_at")[:MOST]
        started = [new for each in alike if (new := _retry(each, by))]
        if started:
            failure_streaks.probe_now(run.agent)
            wake.wake_after_commit(run.agent_id)
    return started


def _retry(run: Run, by: User) -> Run | None:
    try:
        with transaction.atomic():
            return retry(run, by=by)
    except Refused:
        return None
