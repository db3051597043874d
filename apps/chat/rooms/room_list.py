"""The list of a project's rooms, which every page that shows it keeps up to date."""

from django.template.loader import render_to_string

from apps.chat.models import Room
from apps.projects.models import Event, Project
from apps.projects.realtime.frames import Op

# The list is of the project; each page shows one of it at the most.
LIST = "chat-rooms"


def ops_of(project: Project, events: list[Event], open_task: int | None) -> list[Op]:
    """What events change of it. No room ever goes."""
    rooms = project.rooms.filter(pk__in={event.payload["room"] for event in events})
    return [_put(room) for room in rooms]


def _put(room: Room) -> Op:
    return Op(op="put", id=f"room-link-{room.pk}", parent=LIST, rank=rank_of(room), html=render_link(room))


def render_all(project: Project) -> list[str]:
    return [render_link(room) for room in sorted(project.rooms.all(), key=rank_of)]


def render_link(room: Room) -> str:
    """Blind to who looks and to which room is open."""
    return render_to_string("chat/rooms/_room_link.html", {"room": room, "rank": rank_of(room)})


def rank_of(room: Room) -> str:
    """Its place among the others: the project's own first, archived ones last."""
    return f"{2 if room.archived_at else 1 - room.is_default} {room.name.casefold()} {room.pk}"
