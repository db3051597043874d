import uuid

from apps.accounts.models import User
from apps.chat.messages.actions.post import post
from apps.chat.models import Message, Room
from apps.projects.models import Project


def room_of(project: Project) -> Room:
    """The project's own room; a project of the factories has none yet."""
    return Room.objects.get_or_create(project=project, is_default=True, defaults={"name": project.name})[0]


def message_in(room: Room, by: User, text: str = "Hello.", **fields) -> Message:
    """A message, posted by the verb."""
    return post(
        room, text=text, by=by, client_message_id=fields.pop("client_message_id", None) or uuid.uuid4(), **fields
    )
