"""Why a queued run is not running: the scheduler's own decision, as one sentence with its numbers."""

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
    agent, gateway = run.agent, run.agent.gateway
    now = timezone.now()
    if not agent.is_enabled:
        return _queued(run, "agent_disabled")
    if not gateway.is_enabled:
        return _queued(run, "gateway_disabled", gateway=gateway.name)
    if gateway.retry_at and gateway.down_since:
        return _queued(run, "gateway_down", gateway=gateway.name, since=_iso(gateway.down_since))
    if run.error and run.due_at and run.due_at > now:
        return _queued(run, "next_try", error=run.error, at=_iso(run.due_at))
    busy, ahead = agent.runs.busy().count(), _ahead_of(run).count()
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

    One short transaction a project: the queue may span several, and no two are locked at once.
    """
    changed: dict[int, list[int]] = {}
    queue = agent.runs.queued().select_related("task", "agent__gateway", "agent__user")
    for run in queue:
        reason = reason_of(run)
        said = run.task.note or {}
        if (said.get("code"), said.get("facts"), said.get("run")) != (
            reason["code"],
            reason["facts"],
            str(run.pk),
        ):
            changed.setdefault(run.task.project_id, []).append(run.pk)
    for project_id, runs in changed.items():
        _say(project_id, runs)


@transaction.atomic
def _say(project_id: int, runs: list) -> None:
    project = Project.objects.locked(project_id)
    tasks = []
    for run in Run.objects.queued().filter(pk__in=runs).select_related("task", "agent__gateway", "agent__user"):
        Task.objects.filter(pk=run.task_id).update(note=reason_of(run))
        tasks.append(run.task_id)
    if tasks:
        events.record(project, "run.queue_changed", by=None, tasks=tasks)
