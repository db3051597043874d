"""What is decided about rooms and other people's messages, put into the audit as well."""

from django.utils.translation import gettext_lazy as _

from apps.accounts import audit
from apps.projects.models import Event

ROOMS = {
    "room.created": _("made a room"),
    "room.renamed": _("renamed a room"),
    "room.archived": _("archived a room"),
    "room.reopened": _("opened a room again"),
}
PINS = {
    "message.pinned": _("pinned a message"),
    "message.unpinned": _("unpinned a message"),
}
RETENTION = {
    "retention.changed": _("decided how long messages are kept"),
    "message.expired": _("deleted old messages"),
}
EXPORTS = {"room.exported": _("exported a room")}
MODERATION = {"message.deleted": _("deleted another person’s message")}


def on_room_event(event: Event) -> None:
    audit.record(event.kind, by=event.actor, project_id=event.project_id, **event.payload)


def on_messages_expired(event: Event) -> None:
    """How many; which they were, nobody needs to know any more."""
    audit.record(event.kind, by=None, project_id=event.project_id, count=event.payload["count"])


def on_message_deleted(event: Event) -> None:
    """Deleting one's own message is not recorded."""
    if event.payload["author"] != event.actor_id:
        audit.record(event.kind, by=event.actor, project_id=event.project_id, **event.payload)
