"""People decide on an agent's result: accept it, or ask for changes with a note."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.agents.models import Run
from apps.agents.runs import card_moves, lifecycle, queue, run_notes, states, targets
from apps.agents.runs.states import Review
from apps.errors import Conflict, Refused
from apps.projects.changes import locked_for_change
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.sql.compiled import compiled
from apps.tasks.actions.comment import comment
from apps.tasks.actions.move import move
from apps.tasks.models import Category, Task

NOTE_LENGTH = 20_000
ENDED_STATES = (run_notes.State.STOPPED, run_notes.State.FAILED)


class NoteMissing(Refused):
    code = "note_missing"
    api_status = 400


def accept(run: Run, *, by: User, anyway: bool = False) -> Run:
    """The task is done: its card goes to the done column. Raises Conflict when there is nothing to accept."""
    with _locked_for_decision(run, by) as project:
        run_notes.clear_note(run)
        lifecycle.decide(run, states.ACCEPT, by=by, project=project)
        done = project.columns.filter(category=Category.DONE).first()
        if done:
            move(cast(Task, run.task), to=done, by=by, anyway=anyway)
    return run


def accept_by_closing(task: Task, project: Project, by: User | None) -> None:
    """Whoever takes a task to a done column accepts the result that waits; a note of what has ended goes.

    Raises NotAllowed for programs, and ResultWaits for the board's own rules.
    """
    waiting = _waiting_of.first(task=task.pk)
    if waiting:
        card_moves.require_person(by, project)
        lifecycle.decide(waiting, states.ACCEPT, by=by, project=project)
    if waiting or (task.status_note and task.status_note["state"] in ENDED_STATES):
        Task.objects.filter(pk=task.pk).update(status_note=None)


@compiled
def _waiting_of(task: int) -> QuerySet[Run]:
    """The latest run whose result waits for a person: asked for each task that is closed."""
    waiting = Run.objects.filter(task=task, review=Review.WAITING)
    return waiting.with_related().order_by("-attempt")[:1]


def request_changes(run: Run, *, note: str, by: User) -> Run:
    """Attempt n+1 in the same session, with `note` in the prompt and as a comment; returns the new run."""
    if not note.strip():
        raise NoteMissing(_("Say first what is missing."))
    with _locked_for_decision(run, by) as project:
        comment(cast(Task, run.task), text=note, by=by)
        lifecycle.decide(run, states.REQUEST_CHANGES, by=by, project=project)
        return queue.enqueue(targets.target_of(run), run.agent, by=by, prompt=note)


@contextmanager
def _locked_for_decision(run: Run, by: User) -> Iterator[Project]:
    """The project's lock, under which a result waits; of two people deciding at once the second gets Conflict."""
    with locked_for_change(run.project_id, run, by=by, needs=Action.RUN) as project:
        card_moves.require_person(by, project)
        if run.review != Review.WAITING:
            raise Conflict(_("There is nothing to decide here any more."))
        yield project
