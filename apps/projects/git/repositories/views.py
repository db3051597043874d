"""Connecting repositories: for those who manage the project."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.request_types import MemberRequest
from apps.errors import Refused
from apps.names import isolate
from apps.projects import permissions
from apps.projects.git.forms import RepositoryForm
from apps.projects.git.mirror import fetch, git_cli
from apps.projects.git.repositories import connect
from apps.projects.git.repositories.connect import Finding
from apps.projects.models import Project, Repository
from apps.projects.permissions import Action


@require_http_methods(["GET", "POST"])
def repositories(request: MemberRequest, key: str) -> HttpResponse:
    """The project's repositories; connecting one is at the same address, and shows its webhook's secret once."""
    project = permissions.project_for(request.user, key, Action.MANAGE)
    form = RepositoryForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            repository = connect.connect(project, **form.cleaned_data, by=request.user)
            return repository_page(request, project, repository, secret=repository.webhook_secret, is_new=True)
        except Refused as refusal:
            form.add_error(None, str(refusal.message))
            status = refusal.page_status
    elif request.method == "POST":
        status = 422
    context = {"project": project, "form": form, "repositories": project.repositories.all()}
    return render(
        request, "projects/git/repositories/settings.html", context | {"has_git": git_cli.is_installed()}, status=status
    )


@require_http_methods(["GET", "POST"])
def repository(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project, found = repository_for(request, key, pk)
    if request.method == "GET":
        return repository_page(request, project, found)
    form = RepositoryForm(request.POST, repository=found)
    if not form.is_valid():
        return repository_page(request, project, found, status=422, form=form)
    try:
        connect.change(found, **form.cleaned_data, by=request.user)
    except Refused as refusal:
        form.add_error(None, str(refusal.message))
        return repository_page(request, project, found, status=refusal.page_status, form=form)
    messages.success(request, _("Saved. It is fetched now."))
    return redirect("projects:repository", project.key, found.pk)


@require_POST
def test(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """Try the connection while the person waits; when it works, it is fetched as well."""
    project, found = repository_for(request, key, pk)
    finding: Finding = connect.test(found)
    if finding.is_well:
        fetch.want(found)
    return repository_page(request, project, found, finding=finding)


@require_POST
def rotate(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project, found = repository_for(request, key, pk)
    return repository_page(request, project, found, secret=connect.rotate(found, by=request.user))


@require_POST
def mirror_again(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """Have the copy on the server made anew."""
    project, found = repository_for(request, key, pk)
    connect.mirror_again(found, by=request.user)
    messages.success(request, _("It is mirrored again now. Until that is done its code can't be shown."))
    return redirect("projects:repository", project.key, found.pk)


@require_http_methods(["GET", "POST"])
def remove(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project, found = repository_for(request, key, pk)
    if request.method == "POST":
        connect.remove(found, by=request.user)
        messages.success(request, _("{name} is not connected any more.").format(name=isolate(found.name)))
        return redirect("projects:repositories", project.key)
    return render(request, "projects/git/repositories/remove.html", {"project": project, "repository": found})


def repository_page(
    request: MemberRequest, project: Project, found: Repository, *, status: int = 200, **more: object
) -> HttpResponse:
    """The page of one repository; `more` is a form with errors, a secret to show once, or what a test found."""
    context = {
        "project": project,
        "repository": found,
        "form": RepositoryForm(repository=found),
        "webhook_url": connect.webhook_url(found),
        "has_git": git_cli.is_installed(),
    }
    return render(request, "projects/git/repositories/repository.html", context | more, status=status)


def repository_for(request: MemberRequest, key: str, pk: int) -> tuple[Project, Repository]:
    project = permissions.project_for(request.user, key, Action.MANAGE)
    return project, get_object_or_404(project.repositories, pk=pk)
