"""Ends at the gateway what was ended here: a stop is asked for again and again until it is known that the run is over.

On our side a run ends at once. Its stop request says how the gateway stands with that: *stopping*, *stopped* when our
plugin says so or reports the run's end, or *stopped here*, with the reason why nobody knows more.
"""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.models import User
from apps.agents.gateways.plugin_control import PluginControl, StopAnswer
from apps.agents.models import Gateway, Run, StopRequest, StopRequestQuerySet
from apps.agents.runs import run_notes, targets, wake
from apps.agents.runs.states import OPEN, Status
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.sql.compiled import compiled

WAITS = (1, 2, 4, 8, 15, 30, 60)  # seconds from one asking to the next
ASKED_FOR = timedelta(days=1)  # as long as the plugin keeps it
HOLD_FACTOR = 2  # times the agent's time limit
MOST_AT_ONCE = 50  # in one answer to a report
State, Reason = StopRequest.State, StopRequest.Reason
# What was sent and of which no end is known: nobody reported one, though its time may be up here.
MAY_GO_ON = Q(first_sent_at__isnull=False) & (
    Q(status__in=OPEN) | (Q(status=Status.TIMED_OUT) & ~Q(callback_reports__kind="run.finished"))
)


def request(run: Run, by: User | None) -> None:
    """Have `run`, which has just ended here, ended at its gateway too, if it may have been sent there.

    Whoever calls holds the project's lock.
    """
    if run.first_sent_at is None:
        return
    limit = timezone.now() + timedelta(seconds=run.agent.timeout_seconds * HOLD_FACTOR)
    _request(run, run=run, requested_by=by, holds_session_until=limit)
    run_notes.set_note(run, run_notes.State.STOPPED, "stopping")


def request_of_earlier_attempts(run: Run, by: User | None) -> None:
    """Have ended what `run` takes the place of: an attempt whose time was up here, while it may go on at the gateway.

    Whoever calls holds the project's lock.
    """
    for earlier in targets.target_of(run).attempts(run.agent).filter(MAY_GO_ON, attempt__lt=run.attempt):
        _request(earlier, run=earlier, requested_by=by, holds_session_until=Now())


def on_run_deleted(sender: object, instance: Run, **_more: Any) -> None:
    """A run that is deleted, with its project, task or message, ends at its gateway all the same.

    Its row is read anew and kept locked: a worker that takes it now comes before the look, or finds it gone.
    """
    if instance.status not in (*OPEN, Status.TIMED_OUT):
        return
    if run := Run.objects.select_for_update().filter(MAY_GO_ON, pk=instance.pk).first():
        _request(run, holds_session_until=Now())


def _request(of: Run, **facts: Any) -> None:
    StopRequest.objects.get_or_create(run_key=of.pk, defaults={"gateway_id": of.gateway_id, **facts})
    wake.wake_stop_after_commit(of.pk)


def ask(run_key: UUID) -> None:
    """Ask the gateway once, if it is time; of two workers one does."""
    found = due().filter(run_key=run_key).select_related("gateway").first()
    if found is None:
        return
    wait = timedelta(seconds=WAITS[min(found.ask_count, len(WAITS) - 1)])
    mine = due().filter(pk=found.pk, ask_count=found.ask_count)
    if not mine.update(ask_count=F("ask_count") + 1, ask_at=Now() + wait):
        return
    gateway = found.gateway
    if gateway and gateway.callback_secret:
        answer = asyncio.run(PluginControl.for_gateway(gateway).stop(run_key))
    else:
        answer = StopAnswer(False, Reason.NO_GATEWAY)
    take(run_key, answer)


def take(run_key: UUID, answer: StopAnswer) -> None:
    """Write down what the gateway says to a stop, whether it was asked or has told it in a report."""
    run = Run.objects.with_related().filter(pk=run_key).first()
    if run is None:
        _open(run_key).update(**_state_after(answer))
    elif answer.is_over:
        confirm(run)
    else:
        _note_unconfirmed(run, answer)


def due() -> StopRequestQuerySet:
    """The stops that are to be asked for now."""
    return StopRequest.objects.unconfirmed().filter(_recent(), ask_at__lte=Now())


def asked_of(gateway: Gateway) -> list[str]:
    """The runs that `gateway` is to stop, as far as nobody knows that it has: what we answer to its reports.

    So a stop also reaches a gateway that can call us and can't be called.
    """
    return [str(run_key) for run_key in _asked.all(gateway=gateway.pk)]


@compiled
def _asked(gateway: int) -> QuerySet[StopRequest, UUID]:
    return unconfirmed_at(gateway).order_by("pk").values_list("run_key", flat=True)[:MOST_AT_ONCE]


def unconfirmed_at(gateway: int | OuterRef) -> StopRequestQuerySet:
    """The stops that this gateway is to be told of."""
    return StopRequest.objects.unconfirmed().filter(_recent(), gateway=gateway)


def confirm_deleted(gateway: Gateway, run_key: UUID) -> None:
    """The end of a run was reported that is not here any more."""
    _open(run_key).filter(gateway=gateway, run=None).update(**_state_after(StopAnswer(True)))


def forget() -> None:
    """Drop the requests that nobody sees any more: of deleted runs, known to have stopped or not asked for any more."""
    StopRequest.objects.filter(run=None).exclude(~Q(state=State.STOPPED) & _recent()).delete()


def _recent() -> Q:
    return Q(requested_at__gt=Now() - ASKED_FOR)


def _open(run_key: UUID) -> StopRequestQuerySet:
    return StopRequest.objects.unconfirmed().filter(run_key=run_key)


def _state_after(answer: StopAnswer) -> dict[str, str]:
    if answer.is_over:
        return {"state": State.STOPPED, "reason": "", "detail": ""}
    state = State.STOPPING if answer.reason == Reason.PENDING else State.UNCONFIRMED
    return {"state": state, "reason": answer.reason, "detail": answer.detail[:300]}


def confirm(run: Run) -> None:
    """It is known that `run` is over at its gateway."""
    with locked_for_change(run.project_id) as project:
        if not _open(run.pk).update(**_state_after(StopAnswer(True))):
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
    told = _state_after(answer)
    state = told["state"]
    with locked_for_change(run.project_id) as project:
        open_request = _open(run.pk)
        is_news = open_request.exclude(state=state, reason=answer.reason).exists()
        if not open_request.update(**told) or not is_news:
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
    if run.status == Status.TIMED_OUT:  # it says that; what takes its place speaks of itself
        return False
    note = targets.target_of(run).current_note(run)
    return note is not None and note.get("run") == str(run.pk)


def _requester(run: Run) -> str:
    stop = request_of(run)
    return str(stop.requested_by or "") if stop else ""
