"""The Code page of a project: its repositories, their branches and commits, and how they differ."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET

from apps.accounts.request_types import MemberRequest
from apps.projects import permissions
from apps.projects.git.mirror import fetch, mirror
from apps.projects.git.mirror.errors import GitFailed
from apps.projects.git.pages import branch_badges, queries
from apps.projects.models import Branch, Project, Repository
from apps.projects.permissions import Action
from apps.rest.numbers import whole

BRANCHES = 50


@require_GET
def code(request: MemberRequest, key: str) -> HttpResponse:
    """The repositories of the project; with one alone, its branches."""
    project = permissions.project_for(request.user, key)
    found = list(project.repositories.all())
    if len(found) == 1:
        return redirect("projects:branches", project.key, found[0].pk)
    context = {"repositories": found, "can_manage": permissions.role_may(project.role, Action.MANAGE)}
    return render(request, "projects/git/repositories/repositories.html", context | {"project": project})


@require_GET
def branches(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """The branches, the newest first and the default one before them."""
    project, repository = repository_for(request, key, pk)
    newest = repository.branches.order_by("-committed_at", "name")
    page = Paginator(newest.exclude(name=repository.default_branch), BRANCHES).get_page(request.GET.get("page"))
    default = repository.branches.filter(name=repository.default_branch).first()
    shown = [default, *page] if default and page.number == 1 else list(page)
    commits = {commit.sha: commit for commit in repository.commits.filter(sha__in=[each.head for each in shown])}
    badges = branch_badges.badges_of(repository, [branch.name for branch in shown])
    rows = [
        {
            "branch": each,
            "commit": commits.get(each.head),
            "badges": badges.get(each.name, ()),
            "is_default": each == default,
        }
        for each in shown
    ]
    context = {"rows": rows, "page": page, "can_manage": permissions.role_may(project.role, Action.MANAGE)}
    return render_with_mirror(
        request, repository, "projects/git/pages/branches.html", context, tags=lambda: queries.tags(repository)
    )


@require_GET
def commits(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """The commits of one branch, of the default one when none is asked for."""
    _project, repository = repository_for(request, key, pk)
    if not (name := request.GET.get("branch") or repository.default_branch):
        return redirect("projects:branches", key, pk)
    branch, page = branch_for(repository, name), page_in(request)
    context = {"branch": branch, "page": page}
    return render_with_mirror(
        request,
        repository,
        "projects/git/pages/commits.html",
        context,
        found=lambda: queries.commits_of(branch, page=page),
    )


@require_GET
def commit(request: MemberRequest, key: str, pk: int, sha: str) -> HttpResponse:
    _project, repository = repository_for(request, key, pk)
    found = get_object_or_404(repository.commits, sha=sha)
    found.repository = repository
    return render_with_mirror(
        request, repository, "projects/git/pages/commit.html", {"commit": found}, diff=lambda: queries.change_of(found)
    )


@require_GET
def compare(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """What a branch would bring into the default branch."""
    _project, repository = repository_for(request, key, pk)
    if not (name := request.GET.get("branch")):
        return redirect("projects:branches", key, pk)
    branch = branch_for(repository, name)
    base = branch_for(repository, repository.default_branch)
    context = {
        "branch": branch,
        "base": base,
        "badges": branch_badges.badges_of(repository, [branch.name]).get(branch.name, ()),
    }
    return render_with_mirror(
        request,
        repository,
        "projects/git/pages/compare.html",
        context,
        comparison=lambda: queries.comparison(branch, base),
    )


def render_with_mirror(
    request: HttpRequest, repository: Repository, template: str, context: dict[str, Any], **read: Any
) -> HttpResponse:
    """The page with what `read` finds in the mirror, or with the reason why that can't be read now."""
    page = {"project": repository.project, "repository": repository, **context}
    if not mirror.exists(repository):
        return render(request, template, page | {"is_absent": True})
    try:
        found = {name: reads() for name, reads in read.items()}
    except GitFailed as failure:
        if failure.code == "broken":
            fetch.want_checked(repository)
        return render(request, template, page | {"failure": failure}, status=503)
    return render(request, template, page | found)


def repository_for(request: MemberRequest, key: str, pk: int) -> tuple[Project, Repository]:
    """The project with the person's role, and its repository `pk`; Http404 for another project's."""
    project = permissions.project_for(request.user, key)
    repository = get_object_or_404(project.repositories, pk=pk)
    repository.project = project
    return project, repository


def branch_for(repository: Repository, name: str) -> Branch:
    found = repository.branches.filter(name=name).first()
    if found is None:
        raise Http404
    found.repository = repository
    return found


def page_in(request: HttpRequest) -> int:
    """The page that is asked for, from 1 to 1,000."""
    return min(whole(request.GET.get("page", "")) or 1, 1000)
