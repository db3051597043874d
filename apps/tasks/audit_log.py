"""What is decided about a board, put into the audit as well."""

from django.utils.translation import gettext_lazy as _

from apps.accounts import audit
from apps.projects.models import Event

KINDS = {
    "rules.changed": _("changed what moves cards"),
    "branch_names.changed": _("changed how branches are called"),
}


def on_event(event: Event) -> None:
    audit.record(event.kind, by=event.actor, project_id=event.project_id, **event.payload)
