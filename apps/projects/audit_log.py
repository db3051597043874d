"""What the log says about projects and their people, put into the audit as well."""

from django.utils.translation import gettext_lazy as _

from apps.accounts import audit
from apps.projects.models import Event

KINDS = {
    "project.created": _("started the project"),
    "member.joined": _("added a member"),
    "member.role_changed": _("changed a role"),
    "member.left": _("ended a membership"),
    "repository.connected": _("connected a repository"),
    "repository.changed": _("changed how a repository is reached"),
    "repository.secret_rotated": _("gave a webhook another secret"),
    "repository.mirrored_again": _("had a repository mirrored again"),
    "repository.removed": _("took a repository away"),
}
GRANTS = {
    "groupgrant.added": _("let a group give a role"),
    "groupgrant.changed": _("changed what a group gives"),
    "groupgrant.deleted": _("had a group give nothing more"),
}
INVITATIONS = {
    "invitation.created": _("created an invitation link"),
    "invitation.revoked": _("revoked an invitation link"),
    "invitation.accepted": _("accepted an invitation"),
    "invitation.refused": _("opened an invitation that is not valid"),
}
DELIVERIES = {
    "delivery.refused": _("sent a webhook that was refused"),
    "event_relays.retried": _("had events relayed again"),
    "delivery.replayed": _("replayed a webhook"),
    "repository.compared": _("had a repository compared with its forge"),
    "request.merged": _("merged a pull request"),
}


def on_event(event: Event) -> None:
    """Within the transaction of the change: the audit's facts are the event's."""
    audit.record(event.kind, by=event.actor, project_id=event.project_id, **event.payload)
