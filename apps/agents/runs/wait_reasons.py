"""Shows why a queued run waits: the scheduler's decision as the status note of its task or message."""

from collections.abc import Iterator

from apps.agents.models import Agent, Run
from apps.agents.runs import run_notes, scheduler, targets
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.models import Project
from apps.tasks import status_notes


def refresh(agent: Agent) -> None:
    """Write the true notes of the agent's queued runs; only those that changed are logged.

    As many statements for a long queue as for a short one, and one short transaction a project:
    the queue may span several, and no two are locked at once.
    """
    changed: dict[int, dict[Run, status_notes.Note]] = {}
    for run, note in _changed_notes(agent):
        changed.setdefault(run.project_id, {})[run] = note
    for project_id, notes in changed.items():
        _write(project_id, notes)


def refresh_in(project: Project, agent: Agent) -> None:
    """The same for what waits in `project` alone, whose lock the caller holds."""
    if notes := {run: note for run, note in _changed_notes(agent) if run.project_id == project.pk}:
        _write(project.pk, notes)


def _changed_notes(agent: Agent) -> Iterator[tuple[Run, status_notes.Note]]:
    for run, reason in scheduler.decisions(agent):
        note = run_notes.build_wait_note(run, reason)
        if not run_notes.is_shown(run, note):
            yield run, note


def _write(project_id: int, notes: dict[Run, status_notes.Note]) -> None:
    with locked_for_change(project_id) as project:
        queued = set(Run.objects.queued().filter(pk__in=[run.pk for run in notes]).values_list("pk", flat=True))
        if still_queued := {run: note for run, note in notes.items() if run.pk in queued}:
            events.record(project, "run.queue_changed", by=None, **targets.set_notes(still_queued))
