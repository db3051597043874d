"""One task: beside the board, as a page, and what is done to it there."""

from collections.abc import Iterable
from typing import Any, cast
from uuid import uuid4

from django.http import HttpResponse, QueryDict
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.request_types import MemberRequest
from apps.errors import Conflict
from apps.projects import permissions
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.rest.numbers import whole
from apps.tasks.actions.assign import assign as assign_task
from apps.tasks.actions.comment import AlreadyPosted
from apps.tasks.actions.comment import comment as comment_on_task
from apps.tasks.actions.edit import edit as edit_task
from apps.tasks.board import cards
from apps.tasks.board.js_messages import board_words
from apps.tasks.board.views import (
    board_context,
    find_task,
    frame_or_redirect,
    invalid_form,
    wants_json,
)
from apps.tasks.code import branch_names
from apps.tasks.detail import assignees, panel, timeline
from apps.tasks.detail.forms import COMMENT_FORM_LENGTH, AssignForm, CommentForm, EditForm
from apps.tasks.models import Task


@require_GET
def task(request: MemberRequest, key: str, number: int) -> HttpResponse:
    """The task beside its board; alone with `?full`; only the panel for the board's script."""
    project = permissions.project_for(request.user, key)
    found = get_object_or_404(project.tasks.with_relations(), number=number)
    if "X-Fragment" in request.headers:
        return render(request, "tasks/detail/_panel.html", panel_context(request, project, found))
    if "full" in request.GET:
        return render(request, "tasks/detail/task_page.html", panel_context(request, project, found))
    return render(
        request, "tasks/detail/task.html", board_context(request, project) | panel_context(request, project, found)
    )


def panel_context(request: MemberRequest, project: Project, found: Task) -> dict[str, Any]:
    entries, older = timeline.entries(found, whole(request.GET.get("before", "")))
    return {
        "project": project,
        "task": found,
        "sections": {slot: with_csrf_token(request, html) for slot, html in panel.sections_of(found).items()},
        "entries": [{"html": mark_safe(entry.html)} for entry in entries],  # noqa: S308 - a rendered template
        "older": older,
        "words": board_words(),
        "can_write": permissions.role_may(project.role, Action.WRITE),
        "can_comment": permissions.role_may(project.role, Action.COMMENT),
        "can_run": permissions.role_may(project.role, Action.RUN),
        "can_manage": permissions.role_may(project.role, Action.MANAGE),
        "client_comment_id": uuid4(),
        "comment_length": COMMENT_FORM_LENGTH,
        "branch_user": branch_names.user_slug(request.user),
    }


def with_csrf_token(request: MemberRequest, html: str) -> SafeString:
    """A section is rendered without a viewer; a page's forms work without a script, so they get their token here."""
    token = f'name="csrfmiddlewaretoken" value="{get_token(request)}"'
    return mark_safe(html.replace('name="csrfmiddlewaretoken" value=""', token))  # noqa: S308 - a rendered template


@require_POST
def edit(request: MemberRequest, key: str, number: int) -> HttpResponse:
    """Only the fields that were sent change. A conflict shows both texts and loses neither."""
    found = find_task(request.user, key, number)
    form = EditForm(request.POST, task=found)
    if not form.is_valid():
        return invalid_form(request, form, "tasks/detail/edit.html", {"project": found.project, "task": found})
    try:
        edit_task(found, by=request.user, version=form.cleaned_data["version"], **form.changes())
    except Conflict as refusal:
        if wants_json(request):
            raise
        page = {"project": found.project, "task": found, "refusal": refusal} | both_sides(
            form, found, refusal.facts["current"]
        )
        return render(request, "tasks/detail/conflict.html", page, status=409)
    return frame_or_redirect(request, found.project, found.get_absolute_url())


def both_sides(form: EditForm, now: Task, clashing: Iterable[str]) -> dict[str, Any]:
    """For the conflict page: what both changed, and the `rest` of the form, which either choice sends along."""
    dealt_with = {"csrfmiddlewaretoken", "version", *clashing}
    return {
        "clashes": [
            {"field": form[name], "mine": form.cleaned_data[name], "theirs": getattr(now, name)} for name in clashing
        ],
        "rest": [
            (name, value)
            for name, values in cast(QueryDict, form.data).lists()
            if name not in dealt_with
            for value in values
        ],
    }


@require_http_methods(["GET", "POST"])
def assign(request: MemberRequest, key: str, number: int) -> HttpResponse:
    """GET: whom the project has, to search and choose from, where they are more than the panel offers."""
    found = find_task(request.user, key, number)
    if request.method == "GET":
        return assign_page(request, found)
    form = AssignForm(request.POST, project=found.project)
    if not form.is_valid():
        return invalid_form(request, form, "tasks/detail/edit.html", {"project": found.project, "task": found})
    assign_task(found, **form.cleaned_data, by=request.user)
    return frame_or_redirect(request, found.project, found.get_absolute_url())


def assign_page(request: MemberRequest, found: Task) -> HttpResponse:
    permissions.require(request.user, Action.WRITE, found.project)
    query = request.GET.get("q", "").strip()
    members, has_more = assignees.offered(found, query)
    context = {
        "project": found.project,
        "task": found,
        "query": query,
        "members": [cards.user_summary(user) for user in members],
        "has_more": has_more,
        "is_found": not query or any(user != found.assignee for user in members),
    }
    return render(request, "tasks/detail/assign.html", context)


@require_POST
def comment(request: MemberRequest, key: str, number: int) -> HttpResponse:
    found = find_task(request.user, key, number)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return invalid_form(request, form, "tasks/detail/edit.html", {"project": found.project, "task": found})
    try:
        comment_on_task(found, **form.cleaned_data, by=request.user)
    except AlreadyPosted as refusal:
        if wants_json(request):
            raise
        form.add_error("text", str(refusal.message))
        form.data = {**request.POST.dict(), "client_comment_id": uuid4()}  # the next time it is another comment
        page = {"project": found.project, "task": found, "form": form}
        return render(request, "tasks/detail/edit.html", page, status=refusal.page_status)
    return frame_or_redirect(request, found.project, found.get_absolute_url())
