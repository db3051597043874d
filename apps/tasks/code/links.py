"""Linking what is in a repository with the tasks it names: by the grammar of keys.py, and by hand."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.errors import Refused
from apps.projects import events
from apps.projects.models import Event, Project, PullRequest, Repository
from apps.tasks.code import automation, task_references
from apps.tasks.code.task_references import Naming
from apps.tasks.models import CodeLink, Task

Kind = CodeLink.Kind


class NoSuchRequest(Refused):
    code = "no_such_request"
    api_status = 400


def tasks_named(project: Project, numbers: Iterable[int]) -> dict[int, Task]:
    """The tasks that exist of those named, by one query however many are; unknown numbers are ignored."""
    return {task.number: task for task in project.tasks.filter(number__in=list(numbers))}


@transaction.atomic
def on_pushed(event: Event) -> None:
    """A branch has moved: it is linked by its name, its new commits by what they say.

    A commit that closes a task acts when it reaches the default branch.
    """
    told = event.payload
    repository = Repository.objects.filter(pk=told["repository"]).first()
    if repository is None or not told["head"]:
        return
    project = Project.objects.locked(event.project_id)
    _link(
        project,
        repository,
        Kind.BRANCH,
        {told["branch"]: _acting(task_references.in_branch(told["branch"], project.key))},
    )
    commits = {commit.sha: commit for commit in repository.commits.filter(sha__in=told["shas"])}
    named = {sha: task_references.in_text(commit.message, project.key) for sha, commit in commits.items()}
    links = _link(project, repository, Kind.COMMIT, named)
    if told["branch"] == repository.default_branch:
        _close(event, repository, named, links, commits)


def _close(event: Event, repository: Repository, named: dict, links: list[CodeLink], commits: dict) -> None:
    for link in links:
        if named[link.ref][link.task.number] == Naming.CLOSES:
            automation.on_commit(event.project, repository, link, commits[link.ref], at=event.at)


@transaction.atomic
def on_request(event: Event) -> None:
    """A pull request is linked by its branch, title and text; then its cards go where the project's rules say."""
    request = PullRequest.objects.select_related("repository").filter(pk=event.payload["request"]).first()
    if request is None:
        return
    project = Project.objects.locked(event.project_id)
    is_forks = ":" in request.head_branch  # anybody may call their branch anything
    named = {} if is_forks else _acting(task_references.in_branch(request.head_branch, project.key))
    for number, naming in task_references.in_text(f"{request.title}\n\n{request.body}", project.key).items():
        named[number] = max(naming, named.get(number, naming))
    _link(project, request.repository, Kind.REQUEST, {str(request.number): named}, request)
    automation.on_request(project, request)


def _acting(numbers: list[int]) -> dict[int, Naming]:
    return dict.fromkeys(numbers, Naming.ACTS)


def _link(
    project: Project,
    repository: Repository,
    kind: str,
    named: dict[str, dict[int, Naming]],
    request: PullRequest | None = None,
) -> list[CodeLink]:
    """Have each ref linked with the tasks it names, and log `task.linked` for those that were not yet."""
    tasks = tasks_named(project, {number for numbers in named.values() for number in numbers})
    wanted = {
        (tasks[number].pk, ref): CodeLink(
            task=tasks[number], repository=repository, kind=kind, ref=ref, request=request, acts=how > Naming.NAMES
        )
        for ref, numbers in named.items()
        for number, how in numbers.items()
        if number in tasks
    }
    if not wanted:
        return []
    there = CodeLink.objects.filter(repository=repository, kind=kind, ref__in=list(named)).select_related("task")
    known = {(link.task_id, link.ref): link for link in there}
    fresh = CodeLink.objects.bulk_create([link for at, link in wanted.items() if at not in known])
    stronger = [known[at].pk for at, link in wanted.items() if at in known and link.acts and not known[at].acts]
    CodeLink.objects.filter(pk__in=stronger).update(acts=True)
    for link in fresh:
        _record(project, "task.linked", link, by=None)
    return fresh + [link for at, link in known.items() if at in wanted and not link.is_cut]


def _record(project: Project, kind: str, link: CodeLink, *, by: User | None) -> None:
    events.record(project, kind, by=by, task=link.task_id, link=link.kind, ref=link.ref)


@transaction.atomic
def link(task: Task, *, repository: Repository, number: int, by: User) -> CodeLink:
    """Link a pull request by hand; from then on it may move the card. The card stays where it is for now.

    Raises NoSuchRequest for one that the board has not heard of.
    """
    project = Project.objects.locked(task.project_id)
    request = PullRequest.objects.filter(repository=repository, repository__project=project, number=number).first()
    if request is None:
        raise NoSuchRequest(_("There is no pull request {number} in {name}.").format(number=number, name=repository))
    found = {"repository": repository, "kind": Kind.REQUEST, "ref": str(number)}
    made, is_new = CodeLink.objects.get_or_create(task=task, **found, defaults={"request": request, "by": by})
    if is_new or made.is_cut or not made.acts:
        made.acts, made.is_cut, made.by, made.occasion = True, False, by, automation.occasion_of(request)
        made.save(update_fields=["acts", "is_cut", "by", "occasion"])
        _record(project, "task.linked", made, by=by)
    return made


@transaction.atomic
def unlink(link: CodeLink, *, by: User) -> None:
    """Cut a link for good: only a person links these two again."""
    project = Project.objects.locked(link.task.project_id)
    if CodeLink.objects.filter(pk=link.pk, is_cut=False).update(is_cut=True):
        _record(project, "task.unlinked", link, by=by)


def tasks_shown_by(events: Iterable[Event]) -> set[int]:
    """The tasks whose faces and pages show what `code.` events are about, by one query at most."""
    requests = {event.payload["request"] for event in events if event.kind == "code.request"}
    shas = {event.payload["sha"] for event in events if event.kind == "code.checked"}
    if not requests and not shas:
        return set()
    project = next(iter(events)).project_id
    about = PullRequest.objects.filter(repository__project=project)
    about = about.filter(pk__in=requests) | about.filter(head_sha__in=shas)
    return set(CodeLink.objects.standing().filter(request__in=about).values_list("task", flat=True))
