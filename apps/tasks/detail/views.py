"""One task: beside the board, as a page, and what is done to it there."""

from collections.abc import Iterable

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import MemberRequest
from apps.errors import Conflict
from apps.projects import permissions
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.rest.numbers import whole
from apps.tasks.actions.assign import assign as assign_task
from apps.tasks.actions.comment import comment as comment_on_task
from apps.tasks.actions.edit import edit as edit_task
from apps.tasks.board.js_messages import board_words
from apps.tasks.board.views import (
    board_context,
    frame_or,
    not_understood,
    project_of,
    wants_json,
)
from apps.tasks.code import branch_names
from apps.tasks.detail import panel, timeline
from apps.tasks.forms import AssignForm, CommentForm, EditForm
from apps.tasks.models import Task


@require_GET
def task(request: MemberRequest, key: str, number: int) -> HttpResponse:
    """The task beside its board; alone with `?full`; only the drawer for the board's script."""
    project = project_of(request, key)
    found = task_of(project, number)
    if "X-Fragment" in request.headers:
        return render(request, "tasks/detail/_panel.html", opened_context(request, project, found))
    if "full" in request.GET:
        return render(request, "tasks/detail/task_page.html", opened_context(request, project, found))
    return render(
        request, "tasks/detail/task.html", board_context(request, project) | opened_context(request, project, found)
    )


def task_of(project: Project, number: int) -> Task:
    return get_object_or_404(
        project.tasks.select_related("project", "column", "assignee", "parent").prefetch_related("labels"),
        number=number,
    )


def opened_context(request: MemberRequest, project: Project, found: Task) -> dict:
    entries, older = timeline.entries(found, whole(request.GET.get("before", "")))
    return {
        "project": project,
        "task": found,
        "parts": {slot: with_token(request, html) for slot, html in panel.parts_of(found).items()},
        "entries": [{"html": mark_safe(entry.html)} for entry in entries],  # noqa: S308 - a rendered template
        "older": older,
        "words": board_words(),
        "can_write": permissions.role_may(project.role, Action.WRITE),
        "can_comment": permissions.role_may(project.role, Action.COMMENT),
        "can_run": permissions.role_may(project.role, Action.RUN),
        "can_manage": permissions.role_may(project.role, Action.MANAGE),
        "branch_user": branch_names.plain_name(request.user),
    }


def with_token(request: MemberRequest, html: str) -> SafeString:
    """A part is drawn blind to who looks; a page's forms work without a script, so they get their token here."""
    token = f'name="csrfmiddlewaretoken" value="{get_token(request)}"'
    return mark_safe(html.replace('name="csrfmiddlewaretoken" value=""', token))  # noqa: S308 - a rendered template


@require_POST
def edit(request: MemberRequest, key: str, number: int) -> HttpResponse:
    """Only the fields that were sent change. A conflict shows both texts and loses neither."""
    project, found = allowed(request, key, number, Action.WRITE)
    form = EditForm(request.POST, project=project)
    if not form.is_valid():
        return not_understood(request, form, "tasks/detail/edit.html", {"project": project, "task": found})
    try:
        edit_task(found, by=request.user, version=form.cleaned_data["version"], **form.changes())
    except Conflict as refusal:
        if wants_json(request):
            raise
        page = {"project": project, "task": found, "refusal": refusal} | both_sides(
            form, found, refusal.facts["current"]
        )
        return render(request, "tasks/detail/conflict.html", page, status=409)
    return frame_or(request, project, found.get_absolute_url())


def both_sides(form: EditForm, now: Task, clashing: Iterable[str]) -> dict:
    """For the conflict page: what both changed, and the `rest` of the form, which either choice sends along."""
    dealt_with = {"csrfmiddlewaretoken", "version", *clashing}
    return {
        "clashes": [
            {"field": form[name], "mine": form.cleaned_data[name], "theirs": getattr(now, name)} for name in clashing
        ],
        "rest": [(name, value) for name, values in form.data.lists() if name not in dealt_with for value in values],
    }


@require_POST
def assign(request: MemberRequest, key: str, number: int) -> HttpResponse:
    project, found = allowed(request, key, number, Action.WRITE)
    form = AssignForm(request.POST, project=project)
    if not form.is_valid():
        return not_understood(request, form, "tasks/detail/edit.html", {"project": project, "task": found})
    to = form.cleaned_data["to"]
    if to and to.is_agent:
        permissions.require_role(project.role, Action.RUN)
    assign_task(found, to=to, prompt=form.cleaned_data["prompt"], by=request.user)
    return frame_or(request, project, found.get_absolute_url())


@require_POST
def comment(request: MemberRequest, key: str, number: int) -> HttpResponse:
    project, found = allowed(request, key, number, Action.COMMENT)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return not_understood(request, form, "tasks/detail/edit.html", {"project": project, "task": found})
    comment_on_task(found, words=form.cleaned_data["words"], by=request.user)
    return frame_or(request, project, found.get_absolute_url())


def allowed(request: MemberRequest, key: str, number: int, action: Action) -> tuple[Project, Task]:
    """The project and its task, for somebody whose role lets them do `action`."""
    project = project_of(request, key, action)
    return project, task_of(project, number)
