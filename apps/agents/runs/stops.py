"""Ends at the gateway what was ended here: a stop is asked for again and again until it is known that the run is over.

On our side a run ends at once. Its stop request says how the gateway stands with that: *stopping*, *stopped* when our
plugin says so or reports the run's end, or *stopped here*, with the reason why nobody knows more.
"""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.models import User
from apps.agents.gateways.plugin_control import PluginControl, StopAnswer
from apps.agents.models import Run, StopRequest, StopRequestQuerySet
from apps.agents.runs import run_notes, targets, wake
from apps.projects import events
from apps.projects.changes import locked_for_change

WAITS = (1, 2, 4, 8, 15, 30, 60)  # seconds from one asking to the next
ASKED_FOR = timedelta(days=1)  # as long as the plugin keeps it
HOLD_FACTOR = 2  # times the agent's time limit
State, Reason = StopRequest.State, StopRequest.Reason


def request(run: Run, by: User | None) -> None:
    """Have `run`, which has just ended here, ended at its gateway too, if it may have been sent there.

    Whoever calls holds the project's lock.
    """
    if run.first_sent_at is None:
        return
    limit = timezone.now() + timedelta(seconds=run.agent.timeout_seconds * HOLD_FACTOR)
    StopRequest.objects.get_or_create(run=run, defaults={"requested_by": by, "holds_session_until": limit})
    run_notes.set_note(run, run_notes.State.STOPPED, "stopping")
    wake.wake_stop_after_commit(run.pk)


def ask(run_id: UUID) -> None:
    """Ask the gateway once, if it is time; of two workers one does."""
    found = due().filter(run=run_id).select_related("run__gateway").first()
    if found is None:
        return
    wait = timedelta(seconds=WAITS[min(found.ask_count, len(WAITS) - 1)])
    mine = due().filter(pk=found.pk, ask_count=found.ask_count)
    if not mine.update(ask_count=F("ask_count") + 1, ask_at=Now() + wait):
        return
    gateway = found.run.gateway
    if gateway:
        answer = asyncio.run(PluginControl.for_gateway(gateway).stop(run_id))
    else:
        answer = StopAnswer(False, Reason.NO_GATEWAY)
    run = Run.objects.with_related().get(pk=run_id)
    if answer.is_over:
        confirm(run)
    else:
        _note_unconfirmed(run, answer)


def due() -> StopRequestQuerySet:
    """The stops that are to be asked for now."""
    recent = Q(requested_at__gt=Now() - ASKED_FOR)
    return StopRequest.objects.unconfirmed().filter(recent, ask_at__lte=Now())


def confirm(run: Run) -> None:
    """It is known that `run` is over at its gateway."""
    with locked_for_change(run.project_id) as project:
        if not StopRequest.objects.unconfirmed().filter(run=run).update(state=State.STOPPED, reason="", detail=""):
            return
        if _is_shown(run):
            run_notes.set_note(
                run, run_notes.State.STOPPED, run.cause or "stopped", error=run.error, by=_requester(run)
            )
        events.record(project, "run.stopped", by=None, **targets.event_facts(run), attempt=run.attempt)
        wake.wake_after_commit(run.agent_id)


def request_of(run: Run) -> StopRequest | None:
    """The stop that was asked for `run`, None if there is none."""
    found: StopRequest | None = getattr(run, "stop_request", None)
    return found


def may_still_run(run: Run) -> bool:
    """Whether nobody knows that `run`, which has ended here, is over at its gateway."""
    stop = request_of(run)
    return stop is not None and stop.state != State.STOPPED


def word_of(run: Run) -> str:
    """The word for a run that is being stopped; empty where it is not."""
    stop = request_of(run)
    return str(stop.get_state_display()).capitalize() if stop and stop.state == State.STOPPING else ""


def sentence_of(run: Run) -> str:
    """What is not known of the stop of `run`, where no note says it; empty where all is known."""
    stop = request_of(run)
    if stop is None or stop.state != State.UNCONFIRMED:
        return ""
    return run_notes.SENTENCES["stop_unconfirmed"]({"reason": stop.reason})


def _note_unconfirmed(run: Run, answer: StopAnswer) -> None:
    """Say why it is not known yet; only a change of that is logged."""
    state = State.STOPPING if answer.reason == Reason.PENDING else State.UNCONFIRMED
    with locked_for_change(run.project_id) as project:
        open_request = StopRequest.objects.unconfirmed().filter(run=run)
        is_news = open_request.exclude(state=state, reason=answer.reason).exists()
        if not open_request.update(state=state, reason=answer.reason, detail=answer.detail[:300]) or not is_news:
            return
        code = "stopping" if state == State.STOPPING else "stop_unconfirmed"
        if _is_shown(run):
            run_notes.set_note(run, run_notes.State.STOPPED, code, reason=answer.reason)
        kind = "run.stopping" if state == State.STOPPING else "run.stop_unconfirmed"
        facts: dict[str, Any] = {"attempt": run.attempt, "reason": answer.reason}
        events.record(project, kind, by=None, **targets.event_facts(run), **facts)
        wake.wake_after_commit(run.agent_id)


def _is_shown(run: Run) -> bool:
    """Whether what is shown of the run's target still speaks of this run."""
    note = targets.target_of(run).current_note(run)
    return note is not None and note.get("run") == str(run.pk)


def _requester(run: Run) -> str:
    stop = request_of(run)
    return str(stop.requested_by or "") if stop else ""
