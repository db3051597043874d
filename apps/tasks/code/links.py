"""Linking what is in a repository with the tasks that it references: by the keys in its texts, and by hand."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.errors import Refused
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.models import Event, Project, PullRequest, Repository
from apps.projects.permissions import Action
from apps.tasks.code import automation, task_references
from apps.tasks.code.task_references import Reference
from apps.tasks.models import CodeLink, Task

Kind = CodeLink.Kind


class PullRequestNotFound(Refused):
    code = "pull_request_not_found"
    api_status = 400


def tasks_by_number(project: Project, numbers: Iterable[int]) -> dict[int, Task]:
    """The tasks that exist of those numbers, by one query however many they are; unknown numbers are ignored."""
    return {task.number: task for task in project.tasks.filter(number__in=list(numbers))}


def on_pushed(event: Event) -> None:
    """A branch has moved: it is linked by its name, its new commits by their messages.

    A commit that closes a task moves its card when it reaches the default branch.
    """
    push = event.payload
    repository = Repository.objects.filter(pk=push["repository"]).first()
    if repository is None or not push["head"]:
        return
    with locked_for_change(event.project_id) as project:
        named = _triggering(task_references.in_branch(push["branch"], project.key))
        _link(project, repository, Kind.BRANCH, {push["branch"]: named})
        commits = {commit.sha: commit for commit in repository.commits.filter(sha__in=push["shas"])}
        references = {sha: task_references.in_text(commit.message, project.key) for sha, commit in commits.items()}
        links = _link(project, repository, Kind.COMMIT, references)
        if push["branch"] != repository.default_branch:
            return
        for link in links:
            if references[link.ref][link.task.number] == Reference.CLOSES:
                automation.on_commit(event.project, repository, link, commits[link.ref], at=event.created_at)


def on_pull_request(event: Event) -> None:
    """A pull request is linked by its branch, title and text; then its cards go where the project's rules say."""
    pull_request = PullRequest.objects.select_related("repository").filter(pk=event.payload["request"]).first()
    if pull_request is None:
        return
    with locked_for_change(event.project_id) as project:
        is_forks = ":" in pull_request.head_branch  # anybody may call their branch anything
        named = {} if is_forks else _triggering(task_references.in_branch(pull_request.head_branch, project.key))
        text = f"{pull_request.title}\n\n{pull_request.body}"
        for number, reference in task_references.in_text(text, project.key).items():
            named[number] = max(reference, named.get(number, reference))
        refs = {str(pull_request.number): named}
        _link(project, pull_request.repository, Kind.PULL_REQUEST, refs, pull_request)
        automation.on_pull_request(project, pull_request)


def _triggering(numbers: list[int]) -> dict[int, Reference]:
    return dict.fromkeys(numbers, Reference.TRIGGERS)


def _link(
    project: Project,
    repository: Repository,
    kind: str,
    references: dict[str, dict[int, Reference]],
    pull_request: PullRequest | None = None,
) -> list[CodeLink]:
    """Link each ref with the tasks that it references, and log `task.linked` for the new links.

    Call it under the project's lock.
    """
    tasks = tasks_by_number(project, {number for numbers in references.values() for number in numbers})
    wanted = {
        (tasks[number].pk, ref): CodeLink(
            task=tasks[number],
            repository=repository,
            kind=kind,
            ref=ref,
            pull_request=pull_request,
            triggers_moves=reference > Reference.MENTIONS,
        )
        for ref, numbers in references.items()
        for number, reference in numbers.items()
        if number in tasks
    }
    if not wanted:
        return []
    existing = CodeLink.objects.filter(repository=repository, kind=kind, ref__in=list(references))
    known = {(link.task_id, link.ref): link for link in existing.select_related("task")}
    new = CodeLink.objects.bulk_create([link for at, link in wanted.items() if at not in known])
    stronger = [
        known[at].pk
        for at, link in wanted.items()
        if at in known and link.triggers_moves and not known[at].triggers_moves
    ]
    CodeLink.objects.filter(pk__in=stronger).update(triggers_moves=True)
    for link in new:
        _record(project, "task.linked", link, by=None)
    return new + [link for at, link in known.items() if at in wanted and not link.dismissed]


def _record(project: Project, kind: str, link: CodeLink, *, by: User | None) -> None:
    events.record(project, kind, by=by, task=link.task_id, link=link.kind, ref=link.ref)


def link(task: Task, *, repository: Repository, number: int, by: User) -> CodeLink:
    """Link a pull request by hand; from then on it may move the card. The card stays where it is for now.

    Raises PullRequestNotFound for one that the board does not know.
    """
    with locked_for_change(task.project_id, by=by, needs=Action.WRITE) as project:
        found = PullRequest.objects.filter(repository=repository, repository__project=project, number=number)
        pull_request = found.select_related("repository").first()
        if pull_request is None:
            sentence = _("There is no pull request {number} in {name}.")
            raise PullRequestNotFound(sentence.format(number=number, name=repository))
        made, is_new = CodeLink.objects.get_or_create(
            task=task,
            repository=repository,
            kind=Kind.PULL_REQUEST,
            ref=str(number),
            defaults={"pull_request": pull_request, "created_by": by},
        )
        if is_new or made.dismissed or not made.triggers_moves:
            made.triggers_moves, made.dismissed, made.created_by = True, False, by
            made.last_event = automation.event_of(pull_request)
            made.save(update_fields=["triggers_moves", "dismissed", "created_by", "last_event"])
            _record(project, "task.linked", made, by=by)
        return made


def unlink(link: CodeLink, *, by: User) -> None:
    """Dismiss a link for good: only a person links these two again."""
    with locked_for_change(link.task.project_id, by=by, needs=Action.WRITE) as project:
        if CodeLink.objects.filter(pk=link.pk, dismissed=False).update(dismissed=True):
            _record(project, "task.unlinked", link, by=by)


def tasks_showing(changes: Iterable[Event]) -> set[int]:
    """The tasks whose cards and pages show what `code.` events are about, by one query at most."""
    pull_requests = {event.payload["request"] for event in changes if event.kind == "code.request"}
    shas = {event.payload["sha"] for event in changes if event.kind == "code.checked"}
    if not pull_requests and not shas:
        return set()
    project = next(iter(changes)).project_id
    about = PullRequest.objects.filter(repository__project=project)
    about = about.filter(pk__in=pull_requests) | about.filter(head_sha__in=shas)
    return set(CodeLink.objects.active().filter(pull_request__in=about).values_list("task", flat=True))
