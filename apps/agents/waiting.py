"""Why a queued run is not running: the scheduler's own decision, as one sentence with its numbers."""

from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.agents import noting
from apps.agents.models import Agent, Run
from apps.projects import events
from apps.projects.models import Project
from apps.tasks import notes
from apps.tasks.models import Task


def reason_of(run: Run) -> notes.Note:
    """The first thing that keeps `run` from starting, asked in the order in which dispatch asks."""
    return _reason(run, busy=run.agent.runs.busy().count(), ahead=_ahead_of(run).count())


def _reason(run: Run, *, busy: int, ahead: int) -> notes.Note:
    agent, gateway = run.agent, run.agent.gateway
    if not agent.is_enabled:
        return _queued(run, "agent_disabled")
    if not gateway.is_enabled:
        return _queued(run, "gateway_disabled", gateway=gateway.name)
    if gateway.retry_at and gateway.down_since:
        return _queued(run, "gateway_down", gateway=gateway.name, since=_iso(gateway.down_since))
    if run.error and run.due_at and run.due_at > timezone.now():
        return _queued(run, "next_try", error=run.error, at=_iso(run.due_at))
    if busy + ahead >= agent.max_concurrent:
        return _queued(run, "agent_full", busy=busy, slots=agent.max_concurrent, place=ahead + 1)
    return _queued(run, "starting")


def _queued(run: Run, code: str, **facts) -> notes.Note:
    return noting.note_of(run, noting.State.QUEUED, code, **facts)


def _ahead_of(run: Run):
    earlier = Q(priority__gt=run.priority) | Q(priority=run.priority, created_at__lt=run.created_at)
    return run.agent.runs.queued().filter(earlier)


def _iso(moment) -> str:
    return moment.isoformat(timespec="seconds")


def refresh(agent: Agent) -> None:
    """Say the true reasons anew on the agent's queued cards; only changed sentences are logged.

    As many statements for a long queue as for a short one, and one short transaction a project:
    the queue may span several, and no two are locked at once.
    """
    busy, queue = agent.runs.busy().count(), agent.runs.queued().order_by("-priority", "created_at")
    changed: dict[int, dict[UUID, notes.Note]] = {}
    for ahead, run in enumerate(queue.select_related("task", "agent__gateway", "agent__user").defer("request_body")):
        reason = _reason(run, busy=busy, ahead=ahead)
        if not _says(run.task.note or {}, reason):
            changed.setdefault(run.task.project_id, {})[run.pk] = reason
    for project_id, reasons in changed.items():
        _say(project_id, reasons)


def _says(note: notes.Note | dict, reason: notes.Note) -> bool:
    """Whether the card says so already; since when does not count."""
    return all(note.get(part) == reason[part] for part in ("code", "facts", "run"))


@transaction.atomic
def _say(project_id: int, reasons: dict[UUID, notes.Note]) -> None:
    project = Project.objects.locked(project_id)
    waiting = Run.objects.queued().filter(pk__in=reasons).values_list("pk", "task_id")
    tasks = [Task(pk=task, note=reasons[run]) for run, task in waiting]
    if tasks:
        Task.objects.bulk_update(tasks, ["note"])
        events.record(project, "run.queue_changed", by=None, tasks=[task.pk for task in tasks])
