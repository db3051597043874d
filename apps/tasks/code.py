"""What a task's page shows of the repository: pull requests with their checks, branches, commits, the board's move."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from django.db.models import Q
from django.template.loader import render_to_string

from apps.projects.models import CheckRun, Commit, PullRequest
from apps.tasks import branching, codework
from apps.tasks.models import CodeLink, Task

MOST_COMMITS = 5


@dataclass(frozen=True)
class Linked:
    """One linked pull request, as the page shows it."""

    link: CodeLink
    passed: int
    failed: int
    pending: int

    @property
    def request(self) -> PullRequest:
        return self.link.request


def part(task: Task) -> str:
    """The section, always by the same number of queries; empty for a project without a repository."""
    repositories = list(task.project.repositories.only("pk", "name"))
    if not repositories:
        return render_to_string("tasks/_code.html", {"task": task})
    links = list(task.code_links.standing().select_related("request__repository", "repository"))
    context = {
        "task": task,
        "repositories": repositories,
        "requests": _requests(links),
        "branches": [link for link in links if link.kind == CodeLink.Kind.BRANCH],
        **_commits(links),
        "moved": codework.undoable(task),
        "name": branching.name_for(task),
    }
    return render_to_string("tasks/_code.html", context)


def _requests(links: list[CodeLink]) -> list[Linked]:
    """Newest first, with how the checks of their heads stand."""
    found = [link for link in links if link.kind == CodeLink.Kind.REQUEST]
    about = [Q(repository=link.repository_id, sha=link.request.head_sha) for link in found]
    counted: dict[tuple, Counter] = defaultdict(Counter)
    rows = CheckRun.objects.filter(Q(*about, _connector=Q.OR) if about else Q(pk=None))
    for repository, sha, state in rows.values_list("repository_id", "sha", "state"):
        counted[repository, sha][state] += 1
    shown = [Linked(link, **_tally(counted[link.repository_id, link.request.head_sha])) for link in found]
    return sorted(shown, key=lambda each: each.request.updated_at, reverse=True)


def _tally(checks: Counter) -> dict[str, int]:
    return {state: checks[state] for state in CheckRun.State.values}


def _commits(links: list[CodeLink]) -> dict:
    """The newest MOST_COMMITS commits, and how many more there are."""
    found = [link for link in links if link.kind == CodeLink.Kind.COMMIT]
    where = {link.repository_id for link in found}
    rows = Commit.objects.filter(sha__in=[link.ref for link in found], repository__in=where)
    newest = list(rows.order_by("-at", "-pk")[:MOST_COMMITS])
    return {"commits": newest, "more_commits": max(0, len(found) - MOST_COMMITS)}
