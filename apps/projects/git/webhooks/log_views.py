"""What a repository's forge told: the log of its deliveries, for those who manage the project."""

import json

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import MemberRequest
from apps.errors import NotAllowed, Refused
from apps.projects import permissions
from apps.projects.git import forges
from apps.projects.git.forges import api
from apps.projects.git.webhooks import deliveries, redact, refusals, resync
from apps.projects.models import Repository, WebhookDelivery
from apps.projects.permissions import Action

PAGE = 50
LONGEST_SHOWN = 200_000


def repository_for(request: MemberRequest, key: str, pk: int, needs: Action = Action.VIEW) -> Repository:
    return permissions.find(
        Repository.objects.select_related("project"), by=request.user, needs=needs, project__key=key, pk=pk
    )


@require_GET
def log(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """The newest first, without what they contain."""
    repository = repository_for(request, key, pk, Action.MANAGE)
    rows = Paginator(repository.deliveries.defer("payload"), PAGE).get_page(request.GET.get("page"))
    context = {
        "project": repository.project,
        "repository": repository,
        "rows": rows,
        "refusals": refusals.refusals_of(repository),
        "has_forge": forges.adapter_of(repository) is not None,
        "trouble": repository.resync_error and api.sentence(repository.resync_error, repository.resync_facts),
    }
    return render(request, "projects/git/webhooks/deliveries.html", context)


@require_GET
def delivery(request: MemberRequest, key: str, pk: int, number: int) -> HttpResponse:
    """One, with what of it was kept."""
    repository = repository_for(request, key, pk, Action.MANAGE)
    found = get_object_or_404(repository.deliveries, pk=number)
    payload = json.dumps(redact.for_display(found.payload), indent=2, ensure_ascii=False)
    context = {
        "project": repository.project,
        "repository": repository,
        "delivery": found,
        "payload": payload[:LONGEST_SHOWN],
        "is_cut": len(payload) > LONGEST_SHOWN,
    }
    return render(request, "projects/git/webhooks/delivery.html", context)


@require_POST
def replay(request: MemberRequest, key: str, pk: int, number: int) -> HttpResponse:
    """Work on it once more; what is newer stays."""
    repository = repository_for(request, key, pk)
    found: WebhookDelivery = get_object_or_404(repository.deliveries, pk=number)
    try:
        deliveries.replay(found, by=request.user)
    except NotAllowed:
        raise
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("The delivery was worked on once more."))
    return redirect("projects:delivery", key, repository.pk, found.pk)


@require_POST
def start_resync(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """Have the forge asked what was missed."""
    repository = repository_for(request, key, pk)
    resync.request_resync(repository, by=request.user)
    messages.success(request, _("The forge is being asked. What it says arrives in a moment."))
    return redirect("projects:deliveries", key, repository.pk)
