"""Runs that nobody reports on: expired leases, passed deadlines, what their sessions say of the quiet ones, and those
at a gateway that was switched off."""

import logging
from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from apps.agents.gateways.openclaw_client import Entry, Unreachable
from apps.agents.models import Run
from apps.agents.runs import dispatch, lifecycle
from apps.agents.runs.actions.retry import retry
from apps.agents.runs.callbacks import results, session_turns
from apps.agents.runs.states import Status
from apps.projects.changes import locked_for_change

log = logging.getLogger(__name__)
CUT_IN_HISTORY = "\n...(truncated)..."  # how OpenClaw ends a text of which its history tells the beginning only
LONG_PAST = timedelta(hours=1)
LOOK_AGAIN = timedelta(seconds=10)  # a gateway that is away may be back soon
REPORT_TAKES = timedelta(seconds=10)  # an answer younger than that is left to its report, which knows more
MAX_LOOKS = 100  # of one sweep


def release_expired_leases() -> None:
    """A worker died while sending: the same bytes go again inside the replay window, else a person decides."""
    expired = Run.objects.filter(status=Status.SENDING, lease_until__lt=Now())
    for run in expired.with_related():
        try:
            lifecycle.release_lease(run)
        except Exception:  # its agent's queue waits for the next sweep, all others go on
            log.exception("A run could not be released", extra={"run": str(run.pk)})


def end_overdue_runs() -> None:
    """Look each one up in its session; one gateway that does not answer does not stop the others.

    What nobody foresaw is tried again for LONG_PAST, then the run ends without having been looked up.
    """
    overdue = Run.objects.filter(status__in=lifecycle.LOOKED_AT, deadline_at__lt=Now())
    for run in overdue.with_related():
        try:
            end_overdue(run)
        except Exception:
            log.exception("A run could not be reconciled", extra={"run": str(run.pk)})
            if _is_long_overdue(run):
                decide_overdue(run, None)


def end_overdue(run: Run) -> None:
    """Bring `run` to what its session says; without an answer there its time is up.

    A run that has not begun waits for a gateway that is away.
    """
    try:
        turn = session_turns.find_turn(run)
    except Unreachable:
        if run.started_at is None and not _is_long_overdue(run):
            return
        turn = None
    decide_overdue(run, turn)


def decide_overdue(run: Run, turn: session_turns.Turn | None) -> None:
    """End `run`, unless it was heard of while its session was read, or never began: then as `bring_in_line` says."""
    with locked_for_change(run.project_id):
        if not Run.objects.filter(pk=run.pk, deadline_at__lt=Now()).exists():
            return
        if turn and turn.answer:
            settle(run, turn.answer)
        elif not (turn and bring_in_line(run, turn)):
            lifecycle.close(run, Status.TIMED_OUT, by=None)


def bring_in_line(run: Run, turn: session_turns.Turn) -> bool:
    """Begin a run whose turn is there, and send again one that the gateway has lost; False where neither is due.

    It is sent with the same key and bytes. A gateway that has it all the same knows the key, and one that has
    forgotten the key has begun anew.
    """
    with locked_for_change(run.project_id, run):
        if turn.is_there:
            return lifecycle.begin(run)
        return run.started_at is None and run.send_count < dispatch.MAX_SENDS and lifecycle.send_again(run)


def look_up_quiet_runs() -> None:
    """Look for each run that nothing was heard of for a while; a gateway that is away is asked once."""
    quiet = Run.objects.filter(status__in=lifecycle.LOOKED_AT, look_at__lte=Now()).order_by("look_at")
    away: set[int | None] = set()
    for run in quiet.with_related()[:MAX_LOOKS]:
        if not lifecycle.claim_look(run):
            continue
        try:
            if run.gateway_id in away:
                lifecycle.look_again(run, LOOK_AGAIN)
            else:
                look_up(run)
        except Unreachable:
            away.add(run.gateway_id)
            lifecycle.look_again(run, LOOK_AGAIN)
        except Exception:
            log.exception("A run could not be looked up", extra={"run": str(run.pk)})


def look_up(run: Run) -> None:
    """Bring `run` to where its session says that it is. Raises Unreachable when the gateway is away."""
    if run.gateway is None or not run.gateway.gateway_token:
        lifecycle.look_again(run, None)
        return
    turn = session_turns.find_turn(run)
    if turn is None:  # of this one session nothing is known now
        lifecycle.look_again(run, LOOK_AGAIN)
    elif turn.is_answered and turn.answer:
        if turn.answer.at and timezone.now() - turn.answer.at < REPORT_TAKES:
            lifecycle.hear_from(run)
            lifecycle.look_again(run, LOOK_AGAIN)
        else:
            settle(run, turn.answer)
    else:
        bring_in_line(run, turn)


def _is_long_overdue(run: Run) -> bool:
    return run.deadline_at is not None and run.deadline_at <= timezone.now() - LONG_PAST


def stop_runs_of_disabled_gateways() -> None:
    """Stop what was sent to a gateway that is off: no report from there is taken. It waits where it stood in line."""
    sent = Run.objects.open().filter(first_sent_at__isnull=False, gateway__is_enabled=False)
    for run in sent.with_related().order_by("queued_at"):
        try:
            with locked_for_change(run.project_id):
                if lifecycle.close(run, Status.CANCELLED, by=None, cause="gateway_off"):
                    retry(run, by=run.requested_by, keeps_place=True, as_board=True)
        except Exception:
            log.exception("A run of a disabled gateway could not be stopped", extra={"run": str(run.pk)})


def settle(run: Run, answer: Entry) -> None:
    """End `run` as its session says that it ended."""
    if answer.error or answer.stop_reason == "error":
        lifecycle.close(run, Status.FAILED, by=run.agent.user, error=answer.error or answer.text)
        return
    text = answer.text.removesuffix(CUT_IN_HISTORY)
    is_truncated = text != answer.text
    result = results.Result(text=text, is_truncated=is_truncated, model=answer.model, usage=answer.usage)
    with locked_for_change(run.project_id, run):
        results.succeed(run, result)
