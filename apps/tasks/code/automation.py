"""Cards that move by what happens in the repository: each move says why, and one click takes it back."""

from datetime import datetime
from typing import Any, cast

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.fields.json import KT
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.errors import Conflict
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.models import Commit, Event, Project, PullRequest, Repository
from apps.projects.permissions import Action
from apps.tasks.actions.move import ResultWaits, move
from apps.tasks.code import pull_request_rules
from apps.tasks.models import CodeLink, Column, PullRequestEvent, Task
from apps.tasks.open_subtasks import DoneParent, OpenSubtasks

State = PullRequest.State


def event_of(pull_request: PullRequest) -> str:
    """Which PullRequestEvent its present state stands for; "" when it was merged to another branch."""
    if pull_request.state == State.MERGED:
        is_default = pull_request.base_branch == pull_request.repository.default_branch
        return PullRequestEvent.MERGED if is_default else ""
    if pull_request.state == State.OPEN and pull_request.review == PullRequest.Review.CHANGES:
        return PullRequestEvent.CHANGES
    return pull_request.state


def on_pull_request(project: Project, pull_request: PullRequest) -> None:
    """Move the cards that it may move if its event has changed. Call it under the project's lock."""
    event = event_of(pull_request)
    links = pull_request.code_links.active().filter(triggers_moves=True).exclude(last_event=event)
    for link in links.select_related("task"):
        CodeLink.objects.filter(pk=link.pk).update(last_event=event)
        if pull_request.state in (State.MERGED, State.CLOSED):
            _move_when_all_closed(project, link.task)
        else:
            reason = _reason(pull_request, event)
            _move_by_rule(project, pull_request.repository, link.task, event, reason, at=changed_at(pull_request))


def _move_when_all_closed(project: Project, task: Task) -> None:
    """None of the task's pull requests is open any more: a merged one counts, whichever was closed last."""
    links = task.code_links.active().filter(triggers_moves=True, kind=CodeLink.Kind.PULL_REQUEST)
    pull_requests = [cast(PullRequest, link.pull_request) for link in links.select_related("pull_request__repository")]
    if any(each.state in (State.DRAFT, State.OPEN) for each in pull_requests):
        return
    pull_requests.sort(key=changed_at)
    merged = [each for each in pull_requests if event_of(each) == PullRequestEvent.MERGED]
    last = (merged or pull_requests)[-1]
    if event := event_of(last):
        times = {"at": changed_at(last), "known_until": changed_at(pull_requests[-1])}
        _move_by_rule(project, last.repository, task, event, _reason(last, event), **times)


def _reason(pull_request: PullRequest, event: str) -> dict[str, Any]:
    return {"code": event, "number": pull_request.number, "name": str(pull_request.repository)}


def on_commit(project: Project, repository: Repository, link: CodeLink, commit: Commit, *, at: datetime) -> None:
    """A commit that closes the task has reached the default branch `at` that time, so it counts as merged."""
    if link.last_event:
        return
    CodeLink.objects.filter(pk=link.pk).update(last_event=PullRequestEvent.MERGED)
    if not _has_open_pull_request(link.task):
        reason = {"code": "commit", "sha": commit.short, "name": str(repository)}
        _move_by_rule(project, repository, link.task, PullRequestEvent.MERGED, reason, at=at)


def _has_open_pull_request(task: Task) -> bool:
    links = task.code_links.active().filter(triggers_moves=True)
    return links.filter(pull_request__state__in=[State.DRAFT, State.OPEN]).exists()


def changed_at(pull_request: PullRequest) -> datetime:
    reviewed = (datetime.fromisoformat(at) for _state, at in pull_request.reviews.values())
    return max([pull_request.updated_at, *reviewed])


def _move_by_rule(
    project: Project,
    repository: Repository,
    task: Task,
    event: str,
    reason: dict[str, Any],
    *,
    at: datetime,
    known_until: datetime | None = None,
) -> None:
    """Move the card for an event that happened `at` that time, unless it is there or a later move would be undone.

    `known_until` is the time of the latest pull request that was taken into account. What happened before
    the board knew the repository moves nothing.
    """
    to = pull_request_rules.column_for(project, event)
    task.refresh_from_db()
    if to is None or task.column_id == to.pk or at < repository.created_at:
        return
    known_until = known_until or at
    if _has_later_automatic_move(task, known_until) or _has_later_or_further_manual_move(project, task, to, at):
        return
    try:
        with transaction.atomic():
            move(task, to=to, by=None, reason={**reason, "at": known_until.isoformat()})
    except DoneParent as refusal:
        parent = refusal.facts["done_parent"]
        events.record(project, "task.kept_done", by=None, task=task.pk, reason=reason, parent=parent)
    except OpenSubtasks as refusal:
        open_subtasks = refusal.facts["open_subtasks"]
        events.record(project, "task.kept_open", by=None, task=task.pk, reason=reason, open_subtasks=open_subtasks)
    except ResultWaits:
        events.record(project, "task.kept_for_review", by=None, task=task.pk, reason=reason)


def _has_later_automatic_move(task: Task, known_until: datetime) -> bool:
    """Whether the card stands where it stands by something later: deliveries may come in any order."""
    last = last_move(task)
    moved_for = last.payload.get("reason", {}).get("at") if last else None
    return moved_for is not None and known_until < datetime.fromisoformat(moved_for)


def _has_later_or_further_manual_move(project: Project, task: Task, to: Column, at: datetime) -> bool:
    """Whether a person has moved the card since, or further than where this would bring it back to."""
    last = _moves(task).filter(actor__isnull=False).first()
    if last is None:
        return False
    chosen = project.columns.filter(pk=_columns_of(last)[1]).first() or task.column
    return at < last.created_at or to.position < chosen.position


def last_move(task: Task) -> Event | None:
    """The latest move between columns."""
    return _moves(task).first()


def _moves(task: Task) -> QuerySet[Event]:
    """Between columns, the latest first."""
    moved = Event.objects.filter(project=task.project_id, task_id=task.pk, kind="task.moved")
    moved = moved.alias(source=KT("payload__columns__0"), target=KT("payload__columns__1"))
    return moved.exclude(source=F("target")).order_by("-seq")


def _columns_of(move: Event) -> tuple[int, int]:
    """From where to where; 0 and 0, which are no columns, for an old move whose payload does not say."""
    match move.payload:
        case {"columns": [int(source), int(target)]}:
            return source, target
    return 0, 0


def undoable(task: Task) -> Event | None:
    """The automatic move that brought the card to where it is."""
    last = last_move(task)
    if last is None or last.actor_id is not None or _columns_of(last)[1] != task.column_id:
        return None
    return last if "reason" in last.payload else None


def undo(task: Task, *, seq: int, by: User, anyway: bool = False) -> Task:
    """Put the card back to where it was before the automatic move `seq`; from then on `by` has put it there.

    Raises Conflict when it has moved since, or its former column is gone; OpenSubtasks as any move.
    """
    with locked_for_change(task.project_id, task, by=by, needs=Action.WRITE) as project:
        last = undoable(task)
        back = last and last.seq == seq and project.columns.filter(pk=_columns_of(last)[0]).first()
        if not back:
            raise Conflict(_("This task has been moved since."))
        return move(task, to=back, by=by, anyway=anyway)


def reason_text(reason: dict[str, Any]) -> str:
    """Why the board moved a card, as the end of a sentence."""
    sentences = {
        PullRequestEvent.DRAFT: _("pull request {number} in {name} is a draft"),
        PullRequestEvent.OPEN: _("pull request {number} in {name} is open"),
        PullRequestEvent.CHANGES: _("the review of pull request {number} in {name} asks for changes"),
        PullRequestEvent.MERGED: _("pull request {number} in {name} was merged"),
        PullRequestEvent.CLOSED: _("pull request {number} in {name} was closed"),
        "commit": _("commit {sha} in {name} closes it"),
    }
    return sentences[reason["code"]].format(**reason)
