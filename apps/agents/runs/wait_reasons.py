"""Why a queued run is not running: the scheduler's own decision, as one sentence with its numbers."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.agents.models import Agent, Run
from apps.agents.runs import run_notes, targets
from apps.projects import events
from apps.projects.models import Project
from apps.tasks import status_notes


def reason_of(run: Run) -> status_notes.Note:
    """The first thing that keeps `run` from starting, asked in the order in which dispatch asks."""
    is_session_busy = Run.objects.with_session_busy().filter(pk=run.pk, is_session_busy=True).exists()
    busy, ahead = run.agent.runs.busy().count(), _ahead_of(run).count()
    return _reason(run, busy=busy, ahead=ahead, is_session_busy=is_session_busy)


def _reason(run: Run, *, busy: int, ahead: int, is_session_busy: bool) -> status_notes.Note:
    agent, gateway = run.agent, run.agent.gateway
    if pause := getattr(run.project, "pause", None):
        return _queued(run, "paused", by=str(pause.paused_by or ""))
    if not agent.is_enabled:
        return _queued(run, "agent_disabled")
    if not gateway.is_enabled:
        return _queued(run, "gateway_disabled", gateway=gateway.name)
    if gateway.retry_at and gateway.down_since:
        return _queued(run, "gateway_down", gateway=gateway.name, since=_iso(gateway.down_since))
    if run.error and run.due_at and run.due_at > timezone.now():
        return _queued(run, "next_try", error=run.error, at=_iso(run.due_at))
    if is_session_busy:
        return _queued(run, "held_up")
    if busy + ahead >= agent.max_concurrent:
        return _queued(run, "agent_full", busy=busy, slots=agent.max_concurrent, place=ahead + 1)
    return _queued(run, "starting")


def _queued(run: Run, code: str, **facts) -> status_notes.Note:
    return run_notes.note_of(run, run_notes.State.QUEUED, code, **facts)


def _ahead_of(run: Run):
    earlier = Q(priority__gt=run.priority) | Q(priority=run.priority, created_at__lt=run.created_at)
    return run.agent.runs.queued().filter(earlier)


def _iso(moment) -> str:
    return moment.isoformat(timespec="seconds")


def refresh(agent: Agent) -> None:
    """Say the true reasons anew of the agent's queued runs; only changed sentences are logged.

    As many statements for a long queue as for a short one, and one short transaction a project:
    the queue may span several, and no two are locked at once.
    """
    busy, queue = agent.runs.busy().count(), agent.runs.queued().order_by("-priority", "created_at")
    changed: dict[int, dict[Run, status_notes.Note]] = {}
    for ahead, run in enumerate(queue.with_session_busy().with_related().defer("request_body")):
        reason = _reason(run, busy=busy, ahead=ahead, is_session_busy=run.is_session_busy)
        if not _says(targets.of(run).said(run) or {}, reason):
            changed.setdefault(run.project_id, {})[run] = reason
    for project_id, reasons in changed.items():
        _say(project_id, reasons)


def _says(note: status_notes.Note | dict, reason: status_notes.Note) -> bool:
    """Whether it is said already; since when does not count."""
    return all(note.get(part) == reason[part] for part in ("code", "facts", "run"))


@transaction.atomic
def _say(project_id: int, reasons: dict[Run, status_notes.Note]) -> None:
    project = Project.objects.locked(project_id)
    waiting = set(Run.objects.queued().filter(pk__in=[run.pk for run in reasons]).values_list("pk", flat=True))
    if still := {run: reason for run, reason in reasons.items() if run.pk in waiting}:
        events.record(project, "run.queue_changed", by=None, **targets.say_all(still))
