"""The admin's own adding, changing and deleting, put into the audit: which fields, never what is in them."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from apps.accounts import audit


class AuditedAdmin(admin.ModelAdmin):
    def log_addition(self, request: HttpRequest, added: Model, message: list[dict]) -> object:
        self._record(request, "added", added)
        return super().log_addition(request, added, message)

    def log_change(self, request: HttpRequest, changed: Model, message: list[dict]) -> object:
        fields = [field for part in message for field in part.get("changed", {}).get("fields", [])]
        self._record(request, "changed", changed, fields=fields)
        return super().log_change(request, changed, message)

    def log_deletions(self, request: HttpRequest, gone: QuerySet | Iterable[Model]) -> object:
        for each in gone:
            self._record(request, "deleted", each)
        return super().log_deletions(request, gone)

    def _record(self, request: HttpRequest, what: str, about: Model, **facts: object) -> None:
        audit.record(f"{self.opts.model_name}.{what}", by=request.user, request=request, name=about, **facts)
