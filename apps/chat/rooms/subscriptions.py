"""Which messages of a room notify a member: all, those that mention them, or none."""

from django.db import transaction

from apps.accounts.models import User
from apps.chat.models import Room, RoomSubscription
from apps.projects import permissions
from apps.projects.permissions import Action
from apps.projects.realtime import frames


def subscribe(room: Room, *, level: str, by: User) -> None:
    """Have `by` notified of `room` as `level` (of RoomSubscription.Level) says, in all their tabs from now on."""
    permissions.require(by, Action.VIEW, room.project)
    RoomSubscription.objects.update_or_create(room=room, user=by, defaults={"level": level})
    message = {"subscription": {"room": room.pk, "level": level}}
    transaction.on_commit(lambda: frames.send_ephemeral(room.project_id, message, only_user=by.pk))
