"""Runs that nobody reported on: expired leases, passed deadlines, results found in the history."""

import asyncio
import logging
from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from apps.agents.gateways.openclaw_client import Entry, GatewayError, OpenClawClient, run_named_in
from apps.agents.models import Run
from apps.agents.runs import lifecycle
from apps.agents.runs.callbacks import results
from apps.agents.runs.states import Status

log = logging.getLogger(__name__)
LONG_PAST = timedelta(hours=1)


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
    overdue = Run.objects.filter(status__in=[Status.RUNNING, Status.UNCERTAIN], deadline_at__lt=Now())
    for run in overdue.with_related():
        try:
            end_overdue(run)
        except Exception:
            log.exception("A run could not be reconciled", extra={"run": str(run.pk)})
            if run.deadline_at and run.deadline_at < timezone.now() - LONG_PAST:
                lifecycle.close(run, Status.TIMED_OUT, by=None)


def end_overdue(run: Run) -> None:
    """Close `run` by what its session says; without an answer there its time is up."""
    answer = find_answer(run)
    if answer is None:
        lifecycle.close(run, Status.TIMED_OUT, by=None, error="")
    elif answer.error or answer.stop_reason == "error":
        lifecycle.close(run, Status.FAILED, by=run.agent.user, error=answer.error)
    else:
        results.succeed(run, results.Result(text=answer.text, model=answer.model, usage=answer.usage))


def find_answer(run: Run) -> Entry | None:
    """The last finished answer of the turn that our run's first line began; None if there is none to be had."""
    gateway = run.gateway
    if gateway is None or not gateway.gateway_token:
        return None
    try:
        entries = asyncio.run(OpenClawClient.for_gateway(gateway).get_session_history(run.gateway_session_key))
    except GatewayError as error:
        log.info("A history could not be read", extra={"run": str(run.pk), "error": str(error)})
        return None
    turn: list[Entry] = []
    ours = False
    for entry in entries:
        if entry.role == "user":
            named = run_named_in(entry.text)
            ours = named == run.pk if named else ours
            turn = [] if ours and named else turn
        elif ours and entry.role == "assistant" and entry.stop_reason in ("stop", "error"):
            turn.append(entry)
    return turn[-1] if turn else None
