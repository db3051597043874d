"""Says above the admin's lists what is silent behind the pages."""

from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from apps.accounts.audit.admin_mixin import AuditedAdmin
from apps.agents import processes


class WarningAdmin[Row: Model](AuditedAdmin[Row]):
    """Lists of what cannot work while workers, broker or beat are silent."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        for part in processes.silent():
            messages.warning(request, processes.SENTENCES[part])
        return super().changelist_view(request, extra_context)
