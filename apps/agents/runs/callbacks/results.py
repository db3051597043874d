"""What the agent's gateway reports, applied once: started, interrupted, finished.

A report belongs to the run whose id our plugin read in the first line of the turn; one without
belongs to the open run of its session. A late result of attempt n never closes attempt n+1.
"""

from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.agents.gateways.usage import Usage, usage_in
from apps.agents.models import CallbackReport, Gateway, Run
from apps.agents.runs import lifecycle, run_notes, targets
from apps.agents.runs.states import OPEN, Status
from apps.errors import Refused
from apps.projects.changes import locked_for_change

TEXT_LENGTH = 256 * 1024
APPLIED, LATE, IGNORED = "applied", "late", "ignored"


@dataclass(frozen=True)
class Result:
    """What a finished run came to."""

    text: str = ""
    model: str = ""
    usage: Usage = field(default_factory=Usage)


def receive(gateway: Gateway, event_id: str, kind: str, body: dict[str, Any]) -> CallbackReport:
    """Store and apply one report; the same one again finds the first and changes nothing."""
    if known := CallbackReport.objects.filter(gateway=gateway, event_id=event_id).first():
        return known
    try:
        with transaction.atomic():
            return _apply(gateway, event_id, kind, body)
    except IntegrityError:
        return CallbackReport.objects.get(gateway=gateway, event_id=event_id)


def _apply(gateway: Gateway, event_id: str, kind: str, body: dict[str, Any]) -> CallbackReport:
    run = run_of(gateway, body)
    if run is None:
        return _store(gateway, event_id, kind, body, run=None)
    with locked_for_change(run.project_id, run):  # in line with every other change, before anything is looked at
        return _store(gateway, event_id, kind, body, run=run)


def _store(gateway: Gateway, event_id: str, kind: str, body: dict[str, Any], *, run: Run | None) -> CallbackReport:
    """Keep the report, with what it did to `run`."""
    report = CallbackReport.objects.create(
        gateway=gateway, event_id=event_id, run=run, kind=kind, body=body, outcome=IGNORED
    )
    Gateway.objects.filter(pk=gateway.pk).update(last_callback_at=timezone.now())
    about: dict[str, Any] = {"project_id": run.project_id, "run": run.pk, "asked_by": run.requested_by} if run else {}
    audit.record(
        "callback.received", by=run.agent.user if run else None, gateway=gateway, event=event_id, kind=kind, **about
    )
    report.outcome = _effect(run, kind, body) if run else IGNORED
    if report.outcome != APPLIED:
        audit.record("callback.without_effect", by=None, event=event_id, outcome=report.outcome, **about)
    report.save(update_fields=["outcome"])
    return report


def run_of(gateway: Gateway, body: dict[str, Any]) -> Run | None:
    """The run a report is about, among those of this gateway's agents."""
    runs = Run.objects.filter(agent__gateway=gateway).with_related()
    if named := body.get("teamboardRunId"):
        try:
            return runs.filter(pk=UUID(str(named))).first()
        except ValueError:
            return None
    agent, key = _session(str(body.get("sessionKey") or ""), str(body.get("agentId") or ""))
    in_session = runs.filter(session_key__iexact=key, **({"agent__slug": agent} if agent else {}))
    return in_session.open().exclude(status=Status.QUEUED).first()


def _session(stored: str, agent: str) -> tuple[str, str]:
    """`agent:<agent>:<key>` or just `<key>`, as agent and key."""
    parts = stored.lower().split(":", 2)
    return (parts[1], parts[2]) if parts[0] == "agent" and len(parts) == 3 else (agent, stored.lower())


def _effect(run: Run, kind: str, body: dict[str, Any]) -> str:
    is_open = run.status in OPEN
    if kind == "run.started":
        return APPLIED if is_open and lifecycle.admit(run, gateway_run_id=_short(body.get("runId"))) else IGNORED
    if kind == "run.interrupted":
        return APPLIED if is_open and lifecycle.interrupt(run) else IGNORED
    if kind == "run.finished":
        return APPLIED if _finish(run, body, is_open=is_open) else LATE
    return IGNORED


def _finish(run: Run, body: dict[str, Any], *, is_open: bool) -> bool:
    status, result = body.get("status"), result_of(body)
    if status == "ok":
        return succeed(run, result) if is_open else succeed_late(run, result)
    ending = {"aborted": Status.CANCELLED, "timeout": Status.TIMED_OUT}.get(str(status), Status.FAILED)
    error = str(body.get("error") or _("The agent's run failed without a reason."))
    return lifecycle.close(run, ending, by=run.agent.user, error=error, **_usage(result))


def result_of(body: dict[str, Any]) -> Result:
    return Result(
        text=str(body.get("text") or ""), model=str(body.get("model") or ""), usage=usage_in(body.get("usage"))
    )


def succeed(run: Run, result: Result) -> bool:
    """The result is shown where the run's target is; on a task it then waits for a person."""
    with locked_for_change(run.project_id):
        closed = lifecycle.close(run, Status.SUCCEEDED, by=run.agent.user, **_kept(result))
        if closed:
            show(run, late=False)
        return closed


def succeed_late(run: Run, result: Result) -> bool:
    """A success after its time was up: shown as if in time, unless a newer attempt or a person was faster."""
    with locked_for_change(run.project_id):
        reopened = lifecycle.reopen(run, **_kept(result))
        if reopened:
            show(run, late=True)
        return reopened


def show(run: Run, *, late: bool) -> None:
    """Show people the result, and note that it is there."""
    target = targets.target_of(run)
    text = run.result.strip() or _("*(The agent finished without a word.)*")
    if len(text) > target.max_result_length - 200:
        text = text[: target.max_result_length - 200] + "\n\n" + _("*(The rest was left out.)*")
    try:
        with transaction.atomic():
            target.show_result(run, text)
    except Refused as refused:
        run_notes.set_note(run, run_notes.State.FAILED, "not_shown", error=str(refused.message))
    else:
        code = target.late_result_code if late else target.result_code
        run_notes.set_note(run, run_notes.State.DONE, code)


def _kept(result: Result) -> dict[str, Any]:
    """The fields of a run that a success fills."""
    return {"result": result.text[:TEXT_LENGTH], **_usage(result)}


def _usage(result: Result) -> dict[str, Any]:
    return {"model": _short(result.model), **asdict(result.usage)}


def _short(value: object) -> str:
    return str(value or "")[:100]
