"""What a person does about a task's code: begin it, link, take a link off, take the board's move back."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from apps.accounts.requests import MemberRequest
from apps.projects.policy import Action
from apps.tasks import codework, linking, starting
from apps.tasks.forms import LinkForm, UndoForm, UnlinkForm
from apps.tasks.views.board import frame_or, not_understood
from apps.tasks.views.task import allowed


@require_POST
def start(request: MemberRequest, key: str, number: int) -> HttpResponse:
    project, task = allowed(request, key, number, Action.WRITE)
    starting.start(task, by=request.user)
    return frame_or(request, project, task.get_absolute_url())


@require_POST
def link(request: MemberRequest, key: str, number: int) -> HttpResponse:
    project, task = allowed(request, key, number, Action.WRITE)
    form = LinkForm(request.POST, project=project)
    if not form.is_valid():
        return not_understood(request, form, "tasks/edit.html", {"project": project, "task": task})
    wishes = form.cleaned_data
    linking.link(task, repository=wishes["repository"], number=wishes["request"], by=request.user)
    return frame_or(request, project, task.get_absolute_url())


@require_POST
def unlink(request: MemberRequest, key: str, number: int) -> HttpResponse:
    project, task = allowed(request, key, number, Action.WRITE)
    form = UnlinkForm(request.POST)
    if not form.is_valid():
        return not_understood(request, form, "tasks/edit.html", {"project": project, "task": task})
    found = get_object_or_404(task.code_links.standing().select_related("task"), pk=form.cleaned_data["link"])
    linking.unlink(found, by=request.user)
    return frame_or(request, project, task.get_absolute_url())


@require_POST
def undo(request: MemberRequest, key: str, number: int) -> HttpResponse:
    project, task = allowed(request, key, number, Action.WRITE)
    form = UndoForm(request.POST)
    if not form.is_valid():
        return not_understood(request, form, "tasks/edit.html", {"project": project, "task": task})
    codework.undo(task, seq=form.cleaned_data["seq"], by=request.user)
    return frame_or(request, project, task.get_absolute_url())
