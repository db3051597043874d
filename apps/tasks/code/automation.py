"""Cards that move by what happens in the repository: each move says why, and one click takes it back."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.fields.json import KT
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.errors import Conflict
from apps.projects import events
from apps.projects.models import Commit, Event, Project, PullRequest, Repository
from apps.tasks.actions.move import OpenSubtasks, move
from apps.tasks.code import pull_request_rules
from apps.tasks.models import CodeLink, Column, Occasion, Task

State = PullRequest.State


def occasion_of(request: PullRequest) -> str:
    """What the request as it stands is an occasion for; nothing when it was merged to another branch."""
    if request.state == State.MERGED:
        return Occasion.MERGED if request.base_branch == request.repository.default_branch else ""
    if request.state == State.OPEN and request.review == PullRequest.Review.CHANGES:
        return Occasion.CHANGES
    return request.state


def on_request(project: Project, request: PullRequest) -> None:
    """Move the cards it acts on if it has come to another occasion. Call it under the project's lock."""
    occasion = occasion_of(request)
    links = request.code_links.standing().filter(acts=True).exclude(occasion=occasion).select_related("task")
    for link in links:
        CodeLink.objects.filter(pk=link.pk).update(occasion=occasion)
        if request.state in (State.MERGED, State.CLOSED):
            _settle(project, link.task)
        else:
            _follow(
                project, request.repository, link.task, occasion, _because(request, occasion), at=changed_at(request)
            )


def _settle(project: Project, task: Task) -> None:
    """None of the task's requests is open any more: if one was merged it counts, whichever of them came last."""
    links = task.code_links.standing().filter(acts=True, kind=CodeLink.Kind.REQUEST)
    requests = [link.request for link in links.select_related("request__repository")]
    if any(request.state in (State.DRAFT, State.OPEN) for request in requests):
        return
    requests.sort(key=changed_at)
    merged = [request for request in requests if occasion_of(request) == Occasion.MERGED]
    last = (merged or requests)[-1]
    if occasion := occasion_of(last):
        times = {"at": changed_at(last), "heard": changed_at(requests[-1])}
        _follow(project, last.repository, task, occasion, _because(last, occasion), **times)


def _because(request: PullRequest, occasion: str) -> dict:
    return {"code": occasion, "number": request.number, "name": str(request.repository)}


def on_commit(project: Project, repository: Repository, link: CodeLink, commit: Commit, *, at: datetime) -> None:
    """A commit that closes the task has reached the default branch `at` that time, so it counts as merged."""
    if link.occasion:
        return
    CodeLink.objects.filter(pk=link.pk).update(occasion=Occasion.MERGED)
    if not _has_open_request(link.task):
        because = {"code": "commit", "sha": commit.short, "name": str(repository)}
        _follow(project, repository, link.task, Occasion.MERGED, because, at=at)


def _has_open_request(task: Task) -> bool:
    opened = task.code_links.standing().filter(acts=True, request__state__in=[State.DRAFT, State.OPEN])
    return opened.exists()


def changed_at(request: PullRequest) -> datetime:
    return max([request.updated_at, *(datetime.fromisoformat(at) for _state, at in request.reviews.values())])


def _follow(
    project: Project,
    repository: Repository,
    task: Task,
    occasion: str,
    because: dict,
    *,
    at: datetime,
    heard: datetime | None = None,
) -> None:
    """Move the card for what was so `at` that time, unless it is there, or that would overrule somebody.

    `heard` is the time of the latest that is known with it. What happened before the board knew the
    repository moves nothing.
    """
    to = pull_request_rules.column_for(project, occasion)
    task.refresh_from_db()
    if to is None or task.column_id == to.pk or at < repository.created_at:
        return
    heard = heard or at
    if _overrules_the_board(task, heard) or _overrules_somebody(project, task, to, at):
        return
    try:
        move(task, to=to, by=None, because={**because, "at": heard.isoformat()})
    except OpenSubtasks as refusal:
        events.record(project, "task.held", by=None, task=task.pk, because=because, open=refusal.facts["open_subtasks"])


def _overrules_the_board(task: Task, heard: datetime) -> bool:
    """Whether the card stands where it stands by something later: words may come in any order."""
    last = last_move(task)
    stands_since = last.payload.get("because", {}).get("at") if last else None
    return stands_since is not None and heard < datetime.fromisoformat(stands_since)


def _overrules_somebody(project: Project, task: Task, to: Column, at: datetime) -> bool:
    """Whether somebody has moved the card since, or to where this would bring it back from."""
    last = _moves(task).filter(actor__isnull=False).first()
    if last is None:
        return False
    chosen = project.columns.filter(pk=last.payload["columns"][1]).first() or task.column
    return at < last.at or to.position < chosen.position


def last_move(task: Task) -> Event | None:
    """The latest move between columns."""
    return _moves(task).first()


def _moves(task: Task) -> QuerySet[Event]:
    """Between columns, the latest first."""
    moved = Event.objects.filter(project=task.project_id, task_id=task.pk, kind="task.moved")
    moved = moved.alias(left=KT("payload__columns__0"), reached=KT("payload__columns__1"))
    return moved.exclude(left=F("reached")).order_by("-seq")


def undoable(task: Task) -> Event | None:
    """The board's own move that brought the card to where it is."""
    last = last_move(task)
    is_own = last is not None and last.actor_id is None and "because" in last.payload
    return last if is_own and last.payload["columns"][1] == task.column_id else None


@transaction.atomic
def undo(task: Task, *, seq: int, by: User) -> Task:
    """Put the card back to where it was before the board's move `seq`; from then on it is `by` who put it there.

    Raises Conflict when it has gone on since, or its former column has gone.
    """
    project = Project.objects.locked(task.project_id)
    task.refresh_from_db()
    last = undoable(task)
    back = last and last.seq == seq and project.columns.filter(pk=last.payload["columns"][0]).first()
    if not back:
        raise Conflict(_("This task has been moved since."))
    return move(task, to=back, by=by, anyway=True)


def reason(because: dict) -> str:
    """Why the board moved a card, as the end of a sentence."""
    sentences = {
        Occasion.DRAFT: _("pull request {number} in {name} is a draft"),
        Occasion.OPEN: _("pull request {number} in {name} is open"),
        Occasion.CHANGES: _("the review of pull request {number} in {name} asks for changes"),
        Occasion.MERGED: _("pull request {number} in {name} was merged"),
        Occasion.CLOSED: _("pull request {number} in {name} was closed"),
        "commit": _("commit {sha} in {name} closes it"),
    }
    return sentences[because["code"]].format(**because)
