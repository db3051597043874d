"""The audit of one project, for its owners."""

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.audit import labels, queries
from apps.accounts.audit.queries import AuditForm
from apps.accounts.models import AuditEntry
from apps.accounts.request_types import MemberRequest
from apps.projects import permissions
from apps.projects.permissions import Action


@require_GET
def audit(request: MemberRequest, key: str) -> HttpResponse:
    project = permissions.project_for(request.user, key, Action.OWN)
    form = AuditForm(request.GET)
    entries = AuditEntry.objects.of_project(project.pk)
    found, before = queries.page(form.found(entries)) if form.is_valid() else ([], None)
    asked = request.GET.copy()
    asked.pop("before", None)
    context = {
        "project": project,
        "form": form,
        "rows": [row_of(entry) for entry in found],
        "before": before,
        "asked": asked.urlencode(),
    }
    return render(request, "projects/audit/audit.html", context, status=200 if form.is_valid() else 422)


def row_of(entry: AuditEntry) -> dict[str, Any]:
    return {
        "entry": entry,
        "who": labels.who(entry),
        "words": labels.label_of(entry.action),
        "facts": labels.facts(entry),
    }


@require_GET
def export(request: MemberRequest, key: str) -> HttpResponse | StreamingHttpResponse:
    """The same entries as CSV."""
    project = permissions.project_for(request.user, key, Action.OWN)
    form = AuditForm(request.GET)
    if not form.is_valid():
        return audit(request, key)
    entries = form.found(AuditEntry.objects.of_project(project.pk))
    return queries.export(entries, by=request.user, project_id=project.pk)
