"""What a person does about a task's code: start it, link and unlink, undo an automatic move."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from apps.accounts.request_types import MemberRequest
from apps.tasks.actions.start import start as start_task
from apps.tasks.board.views import find_task, frame_or_redirect, invalid_form
from apps.tasks.code import automation, links
from apps.tasks.code.forms import LinkForm, UndoForm, UnlinkForm


@require_POST
def start(request: MemberRequest, key: str, number: int) -> HttpResponse:
    task = find_task(request.user, key, number)
    start_task(task, by=request.user)
    return frame_or_redirect(request, task.project, task.get_absolute_url())


@require_POST
def link(request: MemberRequest, key: str, number: int) -> HttpResponse:
    task = find_task(request.user, key, number)
    form = LinkForm(request.POST, project=task.project)
    if not form.is_valid():
        return invalid_form(request, form, "tasks/detail/edit.html", {"project": task.project, "task": task})
    links.link(task, **form.cleaned_data, by=request.user)
    return frame_or_redirect(request, task.project, task.get_absolute_url())


@require_POST
def unlink(request: MemberRequest, key: str, number: int) -> HttpResponse:
    task = find_task(request.user, key, number)
    form = UnlinkForm(request.POST)
    if not form.is_valid():
        return invalid_form(request, form, "tasks/detail/edit.html", {"project": task.project, "task": task})
    found = get_object_or_404(task.code_links.active(), pk=form.cleaned_data["link"])
    links.unlink(found, by=request.user)
    return frame_or_redirect(request, task.project, task.get_absolute_url())


@require_POST
def undo(request: MemberRequest, key: str, number: int) -> HttpResponse:
    task = find_task(request.user, key, number)
    form = UndoForm(request.POST)
    if not form.is_valid():
        return invalid_form(request, form, "tasks/detail/edit.html", {"project": task.project, "task": task})
    automation.undo(task, **form.cleaned_data, by=request.user)
    return frame_or_redirect(request, task.project, task.get_absolute_url())
