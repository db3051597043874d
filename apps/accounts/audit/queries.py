"""Looking through the audit, and taking it along as CSV."""

import csv
import json
from collections.abc import Iterator
from datetime import datetime

from django import forms
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts import audit
from apps.accounts.audit import export_limits, labels
from apps.accounts.models import AuditEntry, User
from apps.max_length import max_length

PAGE = 50
COLUMNS = ("id", "at", "action", "who", "token", "run", "asked_by", "project_id", "address", "facts")
# A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Day(forms.DateField):
    widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")


class AuditForm(forms.Form):
    action = forms.ChoiceField(
        label=gettext_lazy("What"),
        required=False,
        choices=lambda: [("", _("everything")), *labels.choices()],
    )
    who = forms.CharField(label=gettext_lazy("Who?"), required=False, max_length=max_length(AuditEntry, "who"))
    since = Day(label=gettext_lazy("From"), required=False)
    until = Day(label=gettext_lazy("Until"), required=False)
    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def found(self, entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """Those of `entries` that are asked for, the latest first. The form must be valid."""
        asked = self.cleaned_data
        wanted = {
            "action": asked["action"],
            "who__icontains": asked["who"],
            "at__date__gte": asked["since"],
            "at__date__lte": asked["until"],
            "pk__lt": asked["before"],
        }
        return entries.filter(**{name: value for name, value in wanted.items() if value}).order_by("-pk")


def page(entries: QuerySet[AuditEntry]) -> tuple[list[AuditEntry], int | None]:
    """The first PAGE of them, and the number to ask for those before; None when there are none."""
    found = list(entries[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None


def export(entries: QuerySet[AuditEntry], *, by: User, project_id: int | None = None) -> StreamingHttpResponse:
    """`entries` as CSV, which the audit tells of. Raises exports.TooMany."""
    export_limits.require_few(by)
    told = audit.record("audit.exported", by=by, project_id=project_id)
    answer = StreamingHttpResponse(lines(entries.filter(pk__lt=told.pk)), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return answer


class Line:
    """What a csv.writer writes to: it hands the line back."""

    @staticmethod
    def write(line: str) -> str:
        return line


def lines(entries: QuerySet[AuditEntry]) -> Iterator[str]:
    writer = csv.writer(Line)
    yield writer.writerow(COLUMNS)
    for entry in entries.iterator():
        yield writer.writerow([cell(getattr(entry, name)) for name in COLUMNS])


def cell(value: object) -> str:
    """`value` as text that no spreadsheet calculates."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    text = value.isoformat() if isinstance(value, datetime) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
