"""Deliveries that were refused: kept in the audit, which bounds them, and shown in the repository's log."""

from datetime import timedelta
from typing import Any

from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import AuditEntry
from apps.projects.models import Repository

SHOWN = 20
SHOWN_FOR = timedelta(days=30)  # as long as deliveries are kept
REASONS = {
    "unauthorized": _("It is not signed with the secret of this webhook. Enter the secret at the forge once more."),
    "too_large": _("It was larger than 5 MiB."),
    "too_often": _("Too many came within a minute."),
    "broken": _("It broke off on its way."),
    "unsupported": _("It was no JSON, neither alone nor in a form."),
    "invalid": _("Its JSON was no object."),
}


def facts_about(repository: Repository) -> dict[str, Any]:
    """What the audit's entry about a refused delivery says of `repository`."""
    return {"project_id": repository.project_id, "repository": repository.name, "repository_id": repository.pk}


def refusals_of(repository: Repository) -> list[tuple[AuditEntry, str]]:
    """The latest refusals, each with its reason as a sentence."""
    entries = AuditEntry.objects.of_project(repository.project_id).filter(
        action="delivery.refused", at__gte=Now() - SHOWN_FOR, facts__repository_id=repository.pk
    )
    return [(entry, str(REASONS[entry.facts["code"]])) for entry in entries.order_by("-pk")[:SHOWN]]
