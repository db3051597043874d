"""The admin's own adding, changing and deleting, put into the audit: which fields, never what is in them."""

from typing import Any

from django.contrib.admin.models import LogEntry
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from apps.accounts import audit
from apps.accounts.request_types import user_of
from apps.django_generics import ModelAdmin, ModelForm


class AuditedAdmin[Row: Model](ModelAdmin[Row]):
    def save_model(self, request: HttpRequest, row: Row, form: Any, change: bool) -> None:
        """Save what was changed in the form, and nothing else: the row was read before, and may be another by now."""
        if change:
            row.save(update_fields=_changed_columns(row, form))
        else:
            super().save_model(request, row, form, change)

    def log_addition(self, request: HttpRequest, added: Row, message: list[dict[str, Any]]) -> LogEntry:
        self._record(request, "added", added)
        return super().log_addition(request, added, message)

    def log_change(self, request: HttpRequest, changed: Row, message: list[dict[str, Any]]) -> LogEntry:
        fields = [field for part in message for field in part.get("changed", {}).get("fields", [])]
        self._record(request, "changed", changed, fields=fields)
        return super().log_change(request, changed, message)

    def log_deletions(self, request: HttpRequest, gone: QuerySet[Row]) -> list[LogEntry]:
        for each in gone:
            self._record(request, "deleted", each)
        return super().log_deletions(request, gone)

    def _record(self, request: HttpRequest, what: str, about: Model, **facts: Any) -> None:
        audit.record(f"{self.opts.model_name}.{what}", by=user_of(request), request=request, name=about, **facts)


def _changed_columns(row: Model, form: "ModelForm[Any]") -> list[str]:
    """Those that the form has changed, with those that say when a row was saved; none when nothing was changed."""
    columns = row._meta.concrete_fields
    changed = [column.name for column in columns if column.name in form.changed_data]
    return [*changed, *(column.name for column in columns if changed and getattr(column, "auto_now", False))]
