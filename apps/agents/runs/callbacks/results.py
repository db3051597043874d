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
from apps.agents.models import CallbackReport, Gateway, Run
from apps.agents.runs import (
    dispatch,
    lifecycle,
    run_notes,
    targets,
)
from apps.agents.runs.usage import Usage, usage_in
from apps.errors import Refused
from apps.projects import events
from apps.projects.models import Project

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
    if run:  # in line with every other change of the project, before anything is looked at
        Project.objects.locked(run.project_id)
        run.refresh_from_db(from_queryset=Run.objects.with_related())
    report = CallbackReport.objects.create(
        gateway=gateway, event_id=event_id, run=run, kind=kind, body=body, outcome=IGNORED
    )
    Gateway.objects.filter(pk=gateway.pk).update(last_callback_at=timezone.now())
    about = {"project_id": run.project_id, "run": run.pk, "asked_by": run.requested_by} if run else {}
    audit.record("callback.received", by=run and run.agent.user, gateway=gateway, event=event_id, kind=kind, **about)
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
    return in_session.open().exclude(status=Run.Status.QUEUED).first()


def _session(stored: str, agent: str) -> tuple[str, str]:
    """`agent:<agent>:<key>` or just `<key>`, as agent and key."""
    parts = stored.lower().split(":", 2)
    return (parts[1], parts[2]) if parts[0] == "agent" and len(parts) == 3 else (agent, stored.lower())


def _effect(run: Run, kind: str, body: dict[str, Any]) -> str:
    is_open = run.status in Run.OPEN
    if kind == "run.started":
        return APPLIED if is_open and dispatch.admit(run, gateway_run_id=_short(body.get("runId"))) else IGNORED
    if kind == "run.interrupted":
        return APPLIED if is_open and interrupted(run) else IGNORED
    if kind == "run.finished":
        return _finished(run, body, is_open=is_open)
    return IGNORED


def _finished(run: Run, body: dict[str, Any], *, is_open: bool) -> str:
    status = body.get("status")
    if status == "ok":
        if is_open:
            return APPLIED if succeed(run, result_of(body)) else LATE
        return APPLIED if reopen(run, result_of(body)) else LATE
    ending = {"aborted": Run.Status.CANCELLED, "timeout": Run.Status.TIMED_OUT}.get(status, Run.Status.FAILED)
    error = str(body.get("error") or _("The agent's run failed without a reason."))
    return APPLIED if lifecycle.close(run, ending, by=run.agent.user, error=error, **_usage(result_of(body))) else LATE


def result_of(body: dict[str, Any]) -> Result:
    return Result(
        text=str(body.get("text") or ""), model=str(body.get("model") or ""), usage=usage_in(body.get("usage"))
    )


@transaction.atomic
def succeed(run: Run, result: Result, *, late: bool = False) -> bool:
    """The result is shown where the run takes place; on a task it then waits for a person."""
    kept = result.text[:TEXT_LENGTH]
    if not lifecycle.close(run, Run.Status.SUCCEEDED, by=run.agent.user, result=kept, **_usage(result)):
        return False
    present(run, kept, late=late)
    return True


def present(run: Run, text: str, *, late: bool) -> None:
    """Show people what came, and say that it did."""
    place = targets.of(run)
    words = text.strip() or _("*(The agent finished without a word.)*")
    if len(words) > place.longest_answer - 200:
        words = words[: place.longest_answer - 200] + "\n\n" + _("*(The rest was left out.)*")
    try:
        with transaction.atomic():
            place.present(run, words)
    except Refused as refused:
        run_notes.put(run, run_notes.State.FAILED, "not_shown", error=str(refused.message))
    else:
        run_notes.put(run, run_notes.State.DONE, place.done_late if late else place.done)


@transaction.atomic
def reopen(run: Run, result: Result) -> bool:
    """A success after its time was up: shown as if in time, unless a newer attempt or a person was faster."""
    project = Project.objects.locked(run.project_id)
    if targets.of(run).attempts(run.agent).filter(attempt__gt=run.attempt).exists():
        return False
    timed_out = Run.objects.filter(pk=run.pk, status=Run.Status.TIMED_OUT)
    if not timed_out.update(
        status=Run.Status.SUCCEEDED,
        review=lifecycle.review_after(run, Run.Status.SUCCEEDED),
        result=result.text[:TEXT_LENGTH],
        **_usage(result),
    ):
        return False
    run.refresh_from_db()
    events.record(project, "run.reopened", by=run.agent.user, **targets.marks(run))
    present(run, run.result, late=True)
    return True


@transaction.atomic
def interrupted(run: Run) -> bool:
    """The gateway died in mid-run. It resumes by itself: the run stays open, and its clock starts anew."""
    if run.status not in (Run.Status.RUNNING, Run.Status.SENDING, Run.Status.UNCERTAIN):
        return False
    project = Project.objects.locked(run.project_id)
    dispatch.admit(run)
    Run.objects.filter(pk=run.pk, status=Run.Status.RUNNING).update(deadline_at=dispatch.deadline_of(run))
    run_notes.put(run, run_notes.State.WORKING, "interrupted")
    events.record(project, "run.interrupted", by=run.agent.user, **targets.marks(run))
    return True


def _usage(result: Result) -> dict[str, Any]:
    return {"model": _short(result.model), **asdict(result.usage)}


def _short(value: object) -> str:
    return str(value or "")[:100]
