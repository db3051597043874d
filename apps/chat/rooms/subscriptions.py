"""What of a room somebody wants to be told: everything, what mentions them, or nothing."""

from django.db import transaction

from apps.accounts.models import User
from apps.chat.models import Following, Room
from apps.projects.realtime import frames


def follow(room: Room, *, level: str, by: User) -> None:
    """Have `by` told as much of `room` as `level` (of Following.Level) says, in all their tabs from now on."""
    Following.objects.update_or_create(room=room, user=by, defaults={"level": level})
    word = {"follows": {"room": room.pk, "level": level}}
    transaction.on_commit(lambda: frames.send_ephemeral(room.project_id, word, only_user=by.pk))
