"""Who is writing just now: passed on to whoever has the project open, and kept nowhere."""

from typing import Any

from apps.accounts.models import User
from apps.projects.realtime import frames


def is_valid(message: dict[str, Any]) -> bool:
    match message:
        case {"type": "typing", "room": int(room), "on": bool()} if not isinstance(room, bool):
            return True
    return False


def on_typing(project_id: int, user: User, message: dict[str, Any]) -> None:
    """Tell the others, of whom all may see the project: the socket's feed is theirs alone."""
    typing = {"room": message["room"], "user": user.pk, "name": str(user), "on": message["on"]}
    frames.send_ephemeral(project_id, {"typing": typing}, except_user=user.pk)
