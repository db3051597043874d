"""Deciding about a run from its task's page."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.requests import MemberRequest
from apps.agents import cancelling, places, proving, queueing, reviewing
from apps.agents.forms import SendBackForm
from apps.agents.models import Run
from apps.errors import NotAllowed, Refused
from apps.projects import policy
from apps.projects.git import merging
from apps.projects.git.checking import checks_of
from apps.projects.policy import Action
from apps.tasks import moving
from apps.tasks.views.board import frame_or, not_understood, wants_json


def decidable(request: MemberRequest, pk: UUID) -> Run:
    """The run, for somebody who may decide about runs of its project."""
    runs = Run.objects.visible_to(request.user).with_surroundings()
    run = get_object_or_404(runs, pk=pk)
    policy.require(request.user, Action.RUN, run.project)
    return run


def back(request: MemberRequest, run: Run) -> HttpResponse:
    return frame_or(request, run.project, places.of(run).url)


@require_POST
def cancel(request: MemberRequest, pk: UUID) -> HttpResponse:
    return back(request, cancelling.cancel(decidable(request, pk), by=request.user))


@require_POST
def retry(request: MemberRequest, pk: UUID) -> HttpResponse:
    return back(request, queueing.retry(decidable(request, pk), by=request.user))


@require_POST
def accept(request: MemberRequest, pk: UUID) -> HttpResponse:
    """With open subtasks it asks first; `anyway` is the answer."""
    run = decidable(request, pk)
    try:
        reviewing.accept(run, by=request.user, anyway=bool(request.POST.get("anyway")))
    except moving.OpenSubtasks as question:
        if wants_json(request):
            raise
        return render(request, "agents/accept.html", {"run": run, "question": question}, status=422)
    return back(request, run)


@require_http_methods(["GET", "POST"])
def merge(request: MemberRequest, pk: UUID) -> HttpResponse:
    """What exactly would be merged, from our own rows alone; and the click that does it."""
    run = decidable(request, pk)
    if request.method == "GET":
        return asked_to_merge(request, run)
    try:
        given = {"sha": request.POST.get("sha", ""), "anyway": bool(request.POST.get("anyway"))}
        proving.accept_and_merge(run, **given, by=request.user)
    except NotAllowed:
        raise
    except Refused as refusal:
        return asked_to_merge(request, run, refusal)
    return redirect(places.of(run).url)


def asked_to_merge(request: MemberRequest, run: Run, refusal: Refused | None = None) -> HttpResponse:
    found = proving.request_of(run)
    if found:
        merging.require(request.user, found.repository)
    else:
        refusal = refusal or proving.nothing_to_merge()
    page = {
        "project": run.project,
        "run": run,
        "found": found,
        "checks": checks_of([found])[found.pk] if found else None,
        "refusal": refusal,
        "asks_anyway": isinstance(refusal, moving.OpenSubtasks),
    }
    return render(request, "agents/merge.html", page, status=refusal.page_status if refusal else 200)


@require_POST
def send_back(request: MemberRequest, pk: UUID) -> HttpResponse:
    run = decidable(request, pk)
    form = SendBackForm(request.POST)
    if not form.is_valid() and run.task:
        return not_understood(request, form, "tasks/edit.html", {"project": run.project, "task": run.task})
    reviewing.send_back(run, note=form.cleaned_data.get("words", ""), by=request.user)
    return back(request, run)
