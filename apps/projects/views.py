"""The list of projects, and making a new one."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.request_types import MemberRequest
from apps.projects.actions.create import create as create_project
from apps.projects.forms import ProjectForm
from apps.projects.models import Project


@require_GET
def projects(request: MemberRequest) -> HttpResponse:
    mine = Project.objects.visible_to(request.user).prefetch_related("members")
    return render(request, "projects/list.html", {"projects": mine})


@require_http_methods(["GET", "POST"])
def create(request: MemberRequest) -> HttpResponse:
    form = ProjectForm(request.POST or None)
    if form.is_bound and form.is_valid():
        project = create_project(**form.cleaned_data, by=request.user)
        return redirect("tasks:board", project.key)
    return render(request, "projects/create.html", {"form": form}, status=422 if form.is_bound else 200)
