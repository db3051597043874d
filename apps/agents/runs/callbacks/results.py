"""What the agent's gateway reports, applied once: accepted, started, interrupted, finished.

A report belongs to the run whose id our plugin read in the first line of the turn. Where it read none, the turn is
somebody else's, or there was none: a send that an overloaded gateway dropped. Only a program that never names our
runs, as OpenClaw's cron webhook, means the open run of its session. Either was sent, to this gateway and in this
session: a report about anything else is kept and changes nothing. A late result of attempt n never closes attempt n+1.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, QuerySet

from apps import names
from apps.accounts import audit
from apps.agents import audit_log
from apps.agents.gateways import restarts
from apps.agents.gateways.openclaw_client import stored_session_key
from apps.agents.gateways.usage import Usage, usage_in
from apps.agents.models import CallbackReport, Gateway, Run
from apps.agents.models.run import RunQuerySet
from apps.agents.runs import lifecycle, run_notes, stops, targets
from apps.agents.runs.states import OPEN, Review, Status
from apps.constraints import violates
from apps.errors import Refused
from apps.projects.changes import locked_for_change
from apps.sql.compiled import compiled
from apps.sql.statements import Statement
from apps.tasks.models import EmptyReason

TEXT_LENGTH = 256 * 1024
APPLIED, LATE, IGNORED = "applied", "late", "ignored"


@dataclass(frozen=True)
class Result:
    """What a finished run came to."""

    text: str = ""
    is_truncated: bool = False  # the gateway has more of it than came here
    model: str = ""
    is_tools: bool = False  # a tool has ended the turn: there is no answer
    usage: Usage = field(default_factory=Usage)


def receive(gateway: Gateway, event_id: str, kind: str, body: dict[str, Any]) -> CallbackReport:
    """Store and apply one report; the same one again finds the first and changes nothing."""
    run = run_of(gateway, kind, body, event_id)
    if (run is None or run.is_reported) and (known := _report.first(gateway=gateway.pk, event_id=event_id)):
        return known
    try:
        return _apply(gateway, event_id, kind, body, run)
    except IntegrityError as error:
        if not violates(error, "callback_report_once"):
            raise
        return CallbackReport.objects.get(gateway=gateway, event_id=event_id)


def _apply(gateway: Gateway, event_id: str, kind: str, body: dict[str, Any], run: Run | None) -> CallbackReport:
    if run is None:
        with transaction.atomic():
            return _store(gateway, event_id, kind, body, run=None)
    # In line with every other change, before anything is looked at.
    with locked_for_change(run.project_id, run), audit_log.of_run(run):
        return _store(gateway, event_id, kind, body, run=run)


def _store(gateway: Gateway, event_id: str, kind: str, body: dict[str, Any], *, run: Run | None) -> CallbackReport:
    """Keep the report, with what it did to `run`."""
    about: dict[str, Any] = {"project_id": run.project_id, "run": run.pk, "asked_by": run.requested_by} if run else {}
    audit.record(
        "callback.received", by=run.agent.user if run else None, gateway=gateway, event=event_id, kind=kind, **about
    )
    if kind == "run.finished" and run and run.status not in OPEN:
        stops.confirm(run)
    elif kind == "run.finished" and not run and (run_key := _run_key(body)):
        stops.confirm_deleted(gateway, run_key)
    if kind == "gateway.started":
        restarts.came_back(gateway)
        outcome = APPLIED
    else:
        outcome = _effect(run, kind, body) if run else IGNORED
    if outcome != APPLIED:
        audit.record("callback.without_effect", by=None, event=event_id, outcome=outcome, **about)
    report = CallbackReport(gateway=gateway, event_id=event_id, run=run, kind=kind, body=body, outcome=outcome)
    about_report = {"event": event_id, "run": run and run.pk, "kind": kind, "outcome": outcome}
    report.pk, report.received_at = _KEEP.one(gateway=gateway.pk, body=json.dumps(body), **about_report)
    report._state.adding = False
    return report


class Kept(NamedTuple):
    """What the database gives a report."""

    id: int
    received_at: datetime


# Last of all, with when its gateway was heard of: that row is everybody's, and is locked no longer than it takes.
_KEEP = Statement(
    Kept,
    """
    WITH heard AS (UPDATE agents_gateway SET last_callback_at = statement_timestamp()
                   WHERE id = %(gateway)s RETURNING id)
    INSERT INTO agents_callbackreport (gateway_id, event_id, run_id, kind, body, outcome, received_at)
    SELECT id, %(event)s, %(run)s, %(kind)s, %(body)s::jsonb, %(outcome)s, statement_timestamp() FROM heard
    RETURNING id, received_at""",
)


def run_of(gateway: Gateway, kind: str, body: dict[str, Any], event_id: str = "") -> Run | None:
    """The run a report is about: sent to this gateway, in the session that the report is from.

    Whose it is, and whether the report `event_id` came before, and no more: under the project's lock it is read anew.
    """
    session = _session_of(body)
    if "teamboardRunId" in body:
        run_key = _run_key(body)
        return _sent_run.first(gateway.pk, session, event_id, pk=run_key) if run_key else None
    if kind != "run.finished" or _text(body.get("status")) == "aborted":
        return None
    return _sent(gateway.pk, session, event_id).open().exclude(status=Status.QUEUED).first()


@compiled
def _report(gateway: int, event_id: str) -> QuerySet[CallbackReport]:
    return _reports(gateway, event_id)


def _reports(gateway: int, event_id: str) -> QuerySet[CallbackReport]:
    return CallbackReport.objects.filter(gateway=gateway, event_id=event_id)


@compiled
def _sent_run(gateway: int, session: str, event_id: str, pk: UUID) -> QuerySet[Run]:
    return _sent(gateway, session, event_id).filter(pk=pk)


def _sent(gateway: int, session: str, event_id: str) -> RunQuerySet:
    sent = Run.objects.filter(gateway=gateway, gateway_session_key=session, first_sent_at__isnull=False)
    reported = Exists(_reports(gateway, event_id))
    return sent.only("project_id").annotate(is_reported=reported)  # type: ignore[no-redef]  # declared on the model


def _run_key(body: dict[str, Any]) -> UUID | None:
    try:
        return UUID(_text(body.get("teamboardRunId")))
    except ValueError:
        return None


def _session_of(body: dict[str, Any]) -> str:
    """The session's name inside OpenClaw; "" where the report names none, or another agent than the session's."""
    key, agent = _text(body.get("sessionKey")).lower(), _text(body.get("agentId")).lower()
    if not key.startswith("agent:"):
        return stored_session_key(agent, key) if agent and key else ""
    return key if not agent or key.startswith(f"agent:{agent}:") else ""


def _effect(run: Run, kind: str, body: dict[str, Any]) -> str:
    is_open = run.status in OPEN
    if kind in ("run.accepted", "run.started"):
        if not is_open:
            return IGNORED
        lifecycle.begin(run, gateway_run_id=_text(body.get("runId"))[:100])
        return APPLIED if lifecycle.hear_from(run) else IGNORED
    if kind == "run.interrupted":
        has_begun = body.get("startedAt", 0) is not None
        return APPLIED if is_open and lifecycle.interrupt(run, has_begun=has_begun) else IGNORED
    if kind == "run.finished":
        return APPLIED if _finish(run, body, is_open=is_open) else LATE
    return IGNORED


def _finish(run: Run, body: dict[str, Any], *, is_open: bool) -> bool:
    status, error, result = _text(body.get("status")), _text(body.get("error")), result_of(body)
    if status == "aborted" or (status == "ok" and _never_began(body)):
        return lifecycle.close(
            run, Status.FAILED, by=run.agent.user, error=error, cause="gateway_stopped", **_usage(result)
        )
    if status == "ok":
        return succeed(run, result) if is_open else succeed_late(run, result)
    if status == "timeout":
        return lifecycle.close(
            run, Status.TIMED_OUT, by=run.agent.user, error=error, cause="time_limit", **_usage(result)
        )
    cause = "" if error else "no_reason"
    return lifecycle.close(run, Status.FAILED, by=run.agent.user, error=error, cause=cause, **_usage(result))


def _never_began(body: dict[str, Any]) -> bool:
    """Whether the run was refused at its start: OpenClaw calls that an end without an error."""
    return body.get("attempts") == 0 and not _text(body.get("text")) and not _text(body.get("stopReason"))


def result_of(body: dict[str, Any]) -> Result:
    return Result(
        text=_text(body.get("text")),
        is_truncated=body.get("truncated") is True,
        model=_text(body.get("model")),
        is_tools=_text(body.get("stopReason")) == "toolUse",
        usage=usage_in(body.get("usage")),
    )


def succeed(run: Run, result: Result) -> bool:
    """Show the result of `run`, which was read under the project's lock; on a task it then waits for a person."""
    with locked_for_change(run.project_id):
        closed = lifecycle.succeed(run, **_kept(result))
        if closed:
            show(run, is_tools=result.is_tools)
        return closed


def succeed_late(run: Run, result: Result) -> bool:
    """A success after the run had ended without one: shown as if in time, unless somebody was faster."""
    with locked_for_change(run.project_id):
        is_overdue = run.status == Status.TIMED_OUT
        reopened = lifecycle.reopen(run, **_kept(result))
        if reopened:
            show(run, late=is_overdue, is_tools=result.is_tools)
        return reopened


def show(run: Run, *, late: bool = False, is_tools: bool = False) -> None:
    """Show people the result, and note that it is there."""
    target = targets.target_of(run)
    text, empty_reason = run.result.strip(), ""
    if not any(map(names.is_visible, text)):
        text, empty_reason = "", EmptyReason.ENDED_BY_TOOL if is_tools else EmptyReason.NO_ANSWER
    note = None
    if run.review != Review.NONE or not run.task:  # else finished already: nothing is awaited
        code = target.late_result_code if late else target.result_code
        note = run_notes.build_note(run, run_notes.State.DONE, code)
    try:
        with transaction.atomic():
            target.show_result(run, text, note, empty_reason=empty_reason)
    except Refused as refused:
        run_notes.set_note(run, run_notes.State.FAILED, "not_shown", error="", refusal=refused.code)


def _kept(result: Result) -> dict[str, Any]:
    """The fields of a run that a success fills."""
    is_truncated = result.is_truncated or len(result.text) > TEXT_LENGTH
    return {"result": result.text[:TEXT_LENGTH], "is_result_truncated": is_truncated, **_usage(result)}


def _usage(result: Result) -> dict[str, Any]:
    return {"model": result.model[:100], **asdict(result.usage)}


def _text(value: object) -> str:
    """A field of a report that is to be a text: anything else says nothing."""
    return value if isinstance(value, str) else ""
