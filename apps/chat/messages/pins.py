"""What of a room should be found again: pinned messages stand above it for everybody."""

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.chat.messages.lock import locked_message
from apps.chat.models import Message, Pin, Room
from apps.errors import Refused
from apps.projects import events
from apps.projects.models import Event, Project
from apps.projects.permissions import Action
from apps.projects.realtime.frames import Op

MOST = 50  # of a room
RENDERED_KINDS = ("message.pinned", "message.unpinned", "message.edited")


class TooManyPins(Refused):
    code = "too_many_pins"


def pin(message: Message, *, by: User) -> None:
    """Put it above the room and log `message.pinned`; again does nothing. Raises TooManyPins."""
    with locked_message(message, by=by, needs=Action.WRITE) as project:
        if message.deleted_at or Pin.objects.filter(message=message).exists():
            return
        if Pin.objects.filter(message__room=message.room_id).count() >= MOST:
            raise TooManyPins(_("{n} messages are pinned here already. Unpin one first.").format(n=MOST))
        Pin.objects.create(message=message, by=by)
        events.record(project, "message.pinned", by=by, room=message.room_id, message=message.pk)


def unpin(message: Message, *, by: User) -> None:
    """Take it down again and log `message.unpinned`."""
    with locked_message(message, by=by, needs=Action.WRITE) as project:
        remove(project, message, by)


def remove(project: Project, message: Message, actor: User) -> None:
    """Unpin it within a change of `message`, whatever that needed; log `message.unpinned`."""
    if Pin.objects.filter(message=message.pk).delete()[0]:
        events.record(project, "message.unpinned", by=actor, room=message.room_id, message=message.pk)


def pins_of(room: Room) -> QuerySet[Pin]:
    """The latest first."""
    return _with_messages(Pin.objects.filter(message__room=room))


def _with_messages(pins: QuerySet[Pin]) -> QuerySet[Pin]:
    return pins.select_related("message__author", "message__room__project").defer("message__search_text")


def not_pinned(messages: QuerySet[Message]) -> QuerySet[Message]:
    """What is pinned stays, however old."""
    return messages.filter(pin__isnull=True)


def ops_of(project: Project, events: list[Event], open_task: int | None) -> list[Op]:
    """What events change of the lists of pins."""
    touched = {event.payload["message"] for event in events if event.kind in RENDERED_KINDS}
    if not touched:
        return []
    pins = _with_messages(Pin.objects.filter(message__in=touched))
    ops = [_put(pin) for pin in pins]
    unpinned = {event.payload["message"] for event in events if event.kind == "message.unpinned"}
    return ops + [Op(op="drop", id=f"pin-{pk}") for pk in sorted(unpinned - {pin.message_id for pin in pins})]


def _put(pin: Pin) -> Op:
    parent = f"pins-{pin.message.room_id}"
    return Op(op="put", id=f"pin-{pin.message_id}", parent=parent, rank=pin.rank, html=render_pin(pin))


def render_pin(pin: Pin) -> str:
    return render_to_string("chat/messages/_pin.html", {"pin": pin})
