"""Deciding about a run from its task's page."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.request_types import MemberRequest
from apps.agents.models import Run
from apps.agents.runs import targets
from apps.agents.runs.actions import pull_requests
from apps.agents.runs.actions.cancel import cancel as cancel_run
from apps.agents.runs.actions.retry import retry as retry_run
from apps.agents.runs.actions.retry_alike import retry_alike as retry_alike_of
from apps.agents.runs.actions.review import accept as accept_run
from apps.agents.runs.actions.review import request_changes as request_changes_of
from apps.agents.runs.pages.forms import RequestChangesForm
from apps.errors import NotAllowed, Refused
from apps.projects import permissions
from apps.projects.git.pages.check_status import checks_of
from apps.projects.git.repositories import pull_request_merge
from apps.projects.permissions import Action
from apps.tasks.board.views import frame_or_redirect, invalid_form, wants_json
from apps.tasks.open_subtasks import OpenSubtasks


def find_run(request: MemberRequest, pk: UUID) -> Run:
    """The run, for somebody who may see it; the action asks for more."""
    return permissions.find(Run.objects.with_related(), by=request.user, pk=pk)


def back(request: MemberRequest, run: Run) -> HttpResponse:
    return frame_or_redirect(request, run.project, targets.target_of(run).url)


@require_POST
def cancel(request: MemberRequest, pk: UUID) -> HttpResponse:
    return back(request, cancel_run(find_run(request, pk), by=request.user))


@require_POST
def retry(request: MemberRequest, pk: UUID) -> HttpResponse:
    fresh = bool(request.POST.get("fresh"))
    return back(request, retry_run(find_run(request, pk), by=request.user, fresh=fresh))


@require_POST
def retry_alike(request: MemberRequest, pk: UUID) -> HttpResponse:
    run = find_run(request, pk)
    retry_alike_of(run, by=request.user)
    return back(request, run)


@require_POST
def accept(request: MemberRequest, pk: UUID) -> HttpResponse:
    """With open subtasks it asks first; `anyway` is the answer."""
    run = find_run(request, pk)
    try:
        accept_run(run, by=request.user, anyway=bool(request.POST.get("anyway")))
    except OpenSubtasks as question:
        if wants_json(request):
            raise
        return render(request, "agents/runs/accept.html", {"run": run, "question": question}, status=422)
    return back(request, run)


@require_http_methods(["GET", "POST"])
def merge(request: MemberRequest, pk: UUID) -> HttpResponse:
    """What exactly would be merged, from our own rows alone; and the click that does it."""
    run = find_run(request, pk)
    if request.method == "GET":
        permissions.require(request.user, Action.RUN, run.project)
        return merge_page(request, run)
    try:
        given: dict[str, Any] = {"sha": request.POST.get("sha", ""), "anyway": bool(request.POST.get("anyway"))}
        pull_requests.accept_and_merge(run, **given, by=request.user)
    except NotAllowed:
        raise
    except Refused as refusal:
        return merge_page(request, run, refusal)
    return redirect(targets.target_of(run).url)


def merge_page(request: MemberRequest, run: Run, refusal: Refused | None = None) -> HttpResponse:
    found = pull_requests.mergeable(run)
    if found:
        pull_request_merge.require(request.user, found.repository)
    else:
        refusal = refusal or pull_requests.nothing_to_merge()
    page = {
        "project": run.project,
        "run": run,
        "found": found,
        "checks": checks_of([found])[found.pk] if found else None,
        "refusal": refusal,
        "asks_anyway": isinstance(refusal, OpenSubtasks),
    }
    return render(request, "agents/runs/merge.html", page, status=refusal.page_status if refusal else 200)


@require_POST
def request_changes(request: MemberRequest, pk: UUID) -> HttpResponse:
    run = find_run(request, pk)
    form = RequestChangesForm(request.POST)
    if not form.is_valid() and run.task:
        permissions.require(request.user, Action.RUN, run.project)
        return invalid_form(request, form, "tasks/detail/edit.html", {"project": run.project, "task": run.task})
    request_changes_of(run, note=form.cleaned_data.get("text", ""), by=request.user)
    return back(request, run)
