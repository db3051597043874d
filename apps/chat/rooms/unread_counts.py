"""How far everybody has read, and what that leaves unread. Nothing is counted up: each count is taken anew."""

from collections.abc import Iterable
from typing import Protocol, TypedDict, cast

from django.db import connection, transaction
from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.chat.models import Message, ReadMark, Room, RoomSubscription
from apps.projects import permissions
from apps.projects.models import Event, Project
from apps.projects.permissions import Action
from apps.projects.realtime import frames
from apps.sql.compiled import compiled

Level = RoomSubscription.Level


class CountedRoom(Protocol):
    """A room of `_with_counts`."""

    pk: int
    project_id: int
    unread: int
    mentions: int
    last_read_id: int
    newest_id: int
    level: str


class Unread(TypedDict):
    """A room as somebody has left it: how many messages of others they have not seen, and which was their last.

    `level` says which messages of it notify them (RoomSubscription.Level).
    """

    unread: int
    mentions: int
    last_read_id: int
    newest_id: int
    level: str


# One statement, so that of two devices the one further on wins; never beyond the room's newest message.
_READ = """
INSERT INTO chat_readmark (room_id, user_id, last_read_id)
SELECT %s, %s, LEAST(%s::bigint, coalesce(max(id), 0)) FROM chat_message WHERE room_id = %s AND deleted_at IS NULL
ON CONFLICT (room_id, user_id) DO UPDATE SET last_read_id = excluded.last_read_id
WHERE chat_readmark.last_read_id < excluded.last_read_id
RETURNING last_read_id"""


def mark_read(room: Room, *, last_read_id: int, by: User) -> None:
    """Note that `by` has read up to the message with that id, and send it to their other tabs and devices."""
    permissions.require(by, Action.VIEW, room.project)
    with connection.cursor() as cursor:
        cursor.execute(_READ, [room.pk, by.pk, last_read_id, room.pk])
        moved = cursor.fetchone()
    if moved:
        message = {"read": {"room": room.pk, "last_read_id": moved[0]}}
        transaction.on_commit(lambda: frames.send_ephemeral(room.project_id, message, only_user=by.pk))


def unread_of(user: User, project: Project) -> dict[int, Unread]:
    """What is unread in each open room of `project`, by one statement."""
    return {
        room.pk: Unread(
            unread=room.unread,
            mentions=room.mentions,
            last_read_id=room.last_read_id,
            newest_id=room.newest_id,
            level=room.level,
        )
        for room in cast("Iterable[CountedRoom]", _open_with_counts.all(project=project.pk, user=user.pk))
    }


def unread_by_project(user: User) -> dict[int, tuple[int, int]]:
    """By project of theirs, what is unread for `user` and how much of it mentions them, in rooms they follow."""
    rooms = Room.objects.visible_to(user).filter(archived_at=None)
    found: dict[int, tuple[int, int]] = {}
    for room in cast("Iterable[CountedRoom]", _with_counts(rooms, user.pk)):
        if room.level != Level.NONE:
            unread, mentions = found.get(room.project_id, (0, 0))
            found[room.project_id] = unread + room.unread, mentions + room.mentions
    return found


@compiled
def _open_with_counts(project: int, user: int) -> QuerySet[Room]:
    return _with_counts(Room.objects.filter(project=project, archived_at=None), user)


def _with_counts(rooms: QuerySet[Room], user: int) -> QuerySet[Room]:
    mark = ReadMark.objects.filter(room=OuterRef("pk"), user=user).values("last_read_id")
    level = RoomSubscription.objects.filter(room=OuterRef("pk"), user=user).values("level")
    marked = rooms.annotate(
        last_read_id=Coalesce(Subquery(mark), 0),
        newest_id=_newest_id(),
        level=Coalesce(Subquery(level), Value(Level.MENTIONS)),
    )
    others = Message.objects.by_others(user).filter(room=OuterRef("pk"), pk__gt=OuterRef("last_read_id"))
    return marked.annotate(unread=_count(others), mentions=_count(others.filter(mentions__user=user)))


def _count(rows: QuerySet[Message]) -> Coalesce:
    """How many there are, as a subquery."""
    counted = rows.order_by().annotate(one=F("pk") * 0).values("one").annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n")), 0)


def on_member_joined(event: Event) -> None:
    """A new member has nothing to catch up with: their count begins with the next message."""
    rooms = Room.objects.filter(project=event.project_id).annotate(newest_id=_newest_id())
    newest = rooms.values_list("pk", "newest_id")
    marks = [ReadMark(room_id=pk, user_id=event.payload["user"], last_read_id=newest_id) for pk, newest_id in newest]
    ReadMark.objects.bulk_create(
        marks, update_conflicts=True, update_fields=["last_read_id"], unique_fields=["room", "user"]
    )


def _newest_id() -> Coalesce:
    """Of those that stand: their index has it, however long the room has been silent."""
    standing = Message.objects.not_deleted().filter(room=OuterRef("pk"))
    return Coalesce(Subquery(standing.order_by("-pk").values("pk")[:1]), 0)
