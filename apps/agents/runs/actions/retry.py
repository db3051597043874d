"""Asks the agent again: the next attempt of a run that has ended, or of which nobody knows whether it has."""

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.agents.models import Run
from apps.agents.roster import failure_streaks
from apps.agents.runs import card_moves, lifecycle, queue, stops, targets
from apps.agents.runs.states import Status
from apps.errors import Refused
from apps.projects.changes import locked_for_change
from apps.projects.models import Event
from apps.projects.permissions import Action


class StillOpen(Refused):
    code = "run_open"


class Gone(Refused):
    code = "gone"
    page_status = api_status = 410


def retry(run: Run, *, by: User | None, fresh: bool = False, keeps_place: bool = False, as_board: bool = False) -> Run:
    """Attempt n+1 by the same agent, with which an uncertain run ends; last in line unless it `keeps_place`.

    Raises StillOpen when another one is open, Gone when what asked for it is not there any more, and
    AgentDisabled.
    """
    with locked_for_change(run.project_id, run, by=by, needs=None if as_board else Action.RUN):
        if run.status == Status.UNCERTAIN:
            lifecycle.close(run, Status.FAILED, by=by, cause="tried_again")
            stops.request(run, by)  # it must not run beside the next one
        target = targets.target_of(run)
        if target.is_deleted:
            raise Gone(_("What was asked is not there any more."))
        if target.attempts(run.agent).open().exists():
            raise StillOpen(_("That is asked already."))
        place = run if keeps_place else None
        return queue.enqueue(
            target, run.agent, by=by, prompt=run.prompt, fresh=fresh, in_place_of=place, as_board=as_board
        )


def on_run_closed(event: Event) -> None:
    """What was sent as the probe of a paused agent, and failed for the very reason, waits again where it stood in line.

    It costs its task nothing, as the others that wait: it was only the first of them.
    """
    if event.payload["status"] != Status.FAILED:
        return
    run = Run.objects.with_related().get(pk=event.payload["run"])
    is_over = card_moves.is_finished(run.task) if run.task else targets.target_of(run).is_deleted
    if not is_over and failure_streaks.is_failed_probe(run):
        retry(run, by=run.requested_by, keeps_place=True, as_board=True)
