"""The audit of one project, for its owners."""

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts import audit_reading, audit_words
from apps.accounts.audit_reading import AuditForm
from apps.accounts.models import AuditEntry
from apps.accounts.requests import MemberRequest
from apps.projects import policy
from apps.projects.policy import Action


@require_GET
def audit(request: MemberRequest, key: str) -> HttpResponse:
    project = policy.project_for(request.user, key, Action.OWN)
    form = AuditForm(request.GET)
    entries = AuditEntry.objects.of_project(project.pk)
    found, before = audit_reading.page(form.found(entries)) if form.is_valid() else ([], None)
    asked = request.GET.copy()
    asked.pop("before", None)
    context = {
        "project": project,
        "form": form,
        "rows": [row_of(entry) for entry in found],
        "before": before,
        "asked": asked.urlencode(),
    }
    return render(request, "projects/audit.html", context, status=200 if form.is_valid() else 422)


def row_of(entry: AuditEntry) -> dict:
    return {
        "entry": entry,
        "who": audit_words.who(entry),
        "words": audit_words.words_of(entry.action),
        "facts": audit_words.facts(entry),
    }


@require_GET
def export(request: MemberRequest, key: str) -> HttpResponse | StreamingHttpResponse:
    """The same entries as CSV."""
    project = policy.project_for(request.user, key, Action.OWN)
    form = AuditForm(request.GET)
    if not form.is_valid():
        return audit(request, key)
    entries = form.found(AuditEntry.objects.of_project(project.pk))
    return audit_reading.export(entries, by=request.user, project_id=project.pk)
