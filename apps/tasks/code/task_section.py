"""What a task's page shows of the repository: pull requests with their checks, branches, commits, the board's move."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, cast

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from apps.projects.git.pages.check_status import Checks, checks_of
from apps.projects.models import Commit, PullRequest, Repository
from apps.tasks.actions.start import NOT_STARTED
from apps.tasks.code import automation, branch_names
from apps.tasks.models import CodeLink, Task

MAX_COMMITS = 5


@dataclass(frozen=True)
class Linked:
    """One linked pull request, as the page shows it."""

    link: CodeLink
    checks: Checks

    @property
    def pull_request(self) -> PullRequest:
        return cast(PullRequest, self.link.pull_request)


def section(task: Task) -> str:
    """The section, always by the same number of queries; empty for a project without a repository."""
    repositories = list(task.project.repositories.only("pk", "name"))
    if not repositories:
        return render_to_string("tasks/code/_code.html", {"task": task})
    links = list(task.code_links.active().select_related("pull_request__repository", "repository"))
    context = {
        "task": task,
        "repositories": repositories,
        "pull_requests": _pull_requests(links),
        "branches": [link for link in links if link.kind == CodeLink.Kind.BRANCH],
        **_commits(links),
        "automatic_move": automation.undoable(task),
        "branch_name": branch_names.name_for(task),
        "shared_branch_name": branch_names.shared_name_for(task),
        "is_not_started": task.column.category in NOT_STARTED,
    }
    return render_to_string("tasks/code/_code.html", context)


def badges_by_branch(repository: Repository, names: list[str]) -> dict[str, SafeString]:
    """The tasks that branches are linked with, by the branch's name; one query however many there are."""
    links = CodeLink.objects.active().filter(repository=repository, kind=CodeLink.Kind.BRANCH, ref__in=names)
    found: dict[str, list[Task]] = defaultdict(list)
    for link in links.select_related("task__project", "task__column").order_by("task__number"):
        found[link.ref].append(link.task)
    return {
        name: mark_safe(render_to_string("tasks/code/_branch_badges.html", {"tasks": tasks}))  # noqa: S308 - a rendered template
        for name, tasks in found.items()
    }


def _pull_requests(links: list[CodeLink]) -> list[Linked]:
    """Newest first, with how the checks of their heads stand."""
    found = [link for link in links if link.kind == CodeLink.Kind.PULL_REQUEST]
    checks = checks_of(cast(PullRequest, link.pull_request) for link in found)
    shown = [Linked(link, checks[cast(int, link.pull_request_id)]) for link in found]
    return sorted(shown, key=lambda each: each.pull_request.updated_at, reverse=True)


def _commits(links: list[CodeLink]) -> dict[str, Any]:
    """The newest MAX_COMMITS commits with their links, and how many more there are."""
    found = {(link.repository_id, link.ref): link for link in links if link.kind == CodeLink.Kind.COMMIT}
    repositories, shas = {repository for repository, _ in found}, {sha for _, sha in found}
    rows = Commit.objects.filter(sha__in=shas, repository__in=repositories).order_by("-committed_at", "-pk")
    known = [(commit, found.get((commit.repository_id, commit.sha))) for commit in rows[: 2 * MAX_COMMITS]]
    newest = [(commit, link) for commit, link in known if link][:MAX_COMMITS]
    return {"commits": newest, "more_commits": max(0, len(found) - MAX_COMMITS)}
