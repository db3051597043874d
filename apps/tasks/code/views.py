"""What a person does about a task's code: begin it, link, take a link off, take the board's move back."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from apps.accounts.request_types import MemberRequest
from apps.projects.permissions import Action
from apps.tasks.actions.start import start as start_task
from apps.tasks.board.views import frame_or, not_understood
from apps.tasks.code import automation, links
from apps.tasks.detail.views import allowed
from apps.tasks.forms import LinkForm, UndoForm, UnlinkForm


@require_POST
def start(request: MemberRequest, key: str, number: int) -> HttpResponse:
    project, task = allowed(request, key, number, Action.WRITE)
    start_task(task, by=request.user)
    return frame_or(request, project, task.get_absolute_url())


@require_POST
def link(request: MemberRequest, key: str, number: int) -> HttpResponse:
    project, task = allowed(request, key, number, Action.WRITE)
    form = LinkForm(request.POST, project=project)
    if not form.is_valid():
        return not_understood(request, form, "tasks/detail/edit.html", {"project": project, "task": task})
    links.link(task, **form.cleaned_data, by=request.user)
    return frame_or(request, project, task.get_absolute_url())


@require_POST
def unlink(request: MemberRequest, key: str, number: int) -> HttpResponse:
    project, task = allowed(request, key, number, Action.WRITE)
    form = UnlinkForm(request.POST)
    if not form.is_valid():
        return not_understood(request, form, "tasks/detail/edit.html", {"project": project, "task": task})
    found = get_object_or_404(task.code_links.active().select_related("task"), pk=form.cleaned_data["link"])
    links.unlink(found, by=request.user)
    return frame_or(request, project, task.get_absolute_url())


@require_POST
def undo(request: MemberRequest, key: str, number: int) -> HttpResponse:
    project, task = allowed(request, key, number, Action.WRITE)
    form = UndoForm(request.POST)
    if not form.is_valid():
        return not_understood(request, form, "tasks/detail/edit.html", {"project": project, "task": task})
    automation.undo(task, seq=form.cleaned_data["seq"], by=request.user)
    return frame_or(request, project, task.get_absolute_url())
