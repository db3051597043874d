"""People decide on what an agent brought: accept it, or send it back with a note."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.agents.models import Run
from apps.agents.runs import queue, run_notes, targets
from apps.errors import Conflict, NotAllowed, Refused
from apps.projects import events
from apps.projects.models import Project
from apps.tasks.actions.comment import comment
from apps.tasks.actions.move import move
from apps.tasks.models import Category

NOTE_LENGTH = 20_000


class NoteMissing(Refused):
    code = "note_missing"
    api_status = 400


@transaction.atomic
def accept(run: Run, *, by: User, anyway: bool = False) -> Run:
    """The task is done: its card goes to the done column. Raises Conflict when there is nothing to accept."""
    project = _decide(run, Run.Review.ACCEPTED, by)
    run_notes.clear(run)
    events.record(project, "run.accepted", by=by, **targets.marks(run), attempt=run.attempt)
    done = project.columns.filter(category=Category.DONE).first()
    if done:
        move(run.task, to=done, by=by, anyway=anyway)
    return run


@transaction.atomic
def send_back(run: Run, *, note: str, by: User) -> Run:
    """Attempt n+1 in the same session, with `note` in the prompt and as a comment; returns the new run."""
    if not note.strip():
        raise NoteMissing(_("Say first what is missing."))
    project = _decide(run, Run.Review.CHANGES_REQUESTED, by)
    comment(run.task, words=note, by=by)
    events.record(project, "run.sent_back", by=by, **targets.marks(run), attempt=run.attempt)
    return queue.enqueue(targets.of(run), run.agent, by=by, prompt=note)


def _decide(run: Run, review: str, by: User) -> Project:
    """Write the decision down once; of two people deciding at once the second is told so."""
    if by.is_agent:
        raise NotAllowed(_("Only people decide on an agent's result."))
    project = Project.objects.locked(run.project_id)
    waiting = Run.objects.filter(pk=run.pk, review=Run.Review.WAITING)
    if not waiting.update(review=review):
        raise Conflict(_("There is nothing to decide here any more."))
    run.refresh_from_db()
    return project
