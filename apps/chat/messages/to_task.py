"""From a message to a task: made one that links back to it, or discussed under one."""

from uuid import UUID

from apps import names
from apps.accounts.models import User
from apps.chat.messages.actions.post import post
from apps.chat.messages.errors import Gone
from apps.chat.messages.lock import locked_message
from apps.chat.models import Message
from apps.max_length import max_length
from apps.projects.permissions import Action
from apps.tasks.actions.comment import comment
from apps.tasks.actions.create import create
from apps.tasks.models import Task


def make_task(message: Message, *, title: str, client_message_id: UUID, by: User) -> Task:
    """Create a task out of `message`, and answer it in the room with the task's key.

    `client_message_id` is the answer's: sent again with it, nothing new is made. Raises Gone when that answer has been
    deleted since.
    """
    with locked_message(message, by=by, needs=Action.WRITE) as project:
        answer = message.room.messages.filter(author=by, client_message_id=client_message_id).first()
        if answer:
            if made := project.tasks.filter(message_references__message=answer).first():
                return made
            raise Gone
        task = create(project, title=title, description=_description(message), by=by)
        post(message.room, text=task.key, by=by, client_message_id=client_message_id, reply_to=message)
    return task


def discuss(message: Message, *, task: Task, text: str, client_message_id: UUID, by: User) -> Task:
    """Discuss `message` under `task`: a comment that quotes it, and a reply here that links there.

    `client_message_id` is the answer's: sent again with it, nothing new is posted. Raises what both actions raise.
    """
    with locked_message(message, by=by, needs=Action.COMMENT):
        if not message.room.messages.filter(author=by, client_message_id=client_message_id).exists():
            comment(task, text=f"{_description(message)}\n\n{text}", by=by)
            post(message.room, text=f"→ {task.key}", by=by, client_message_id=client_message_id, reply_to=message)
    return task


def _description(message: Message) -> str:
    """Its words, who said them and where: no sentence, for it is kept and read in more than one language."""
    source = " · ".join(str(part) for part in (message.author, message.room) if part)
    quoted = "\n".join(f"> {line}" for line in lines_of(message))
    link = f"[{source}]({message.get_absolute_url()})"
    return f"{quoted[: max_length(Task, 'description') - len(link) - 2]}\n\n{link}".lstrip("\n")


def title_of(message: Message) -> str:
    """What a task made of it may be called."""
    return next(filter(None, map(names.tidy, lines_of(message))), "")[: max_length(Task, "title")]


def lines_of(message: Message) -> list[str]:
    """Its text line by line; without a text, the names of its files."""
    return message.text.strip().splitlines() or [file.name for file in message.files.order_by("pk")]
