"""What somebody types after a slash: it is done, and what comes of it is posted in the room."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.chat.messages import handles
from apps.chat.messages.actions.post import post as post_message
from apps.chat.models import Message, Room
from apps.errors import Refused
from apps.max_length import max_length, too_long
from apps.projects.changes import locked_for_change
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.tasks.actions.assign import assign as assign_task
from apps.tasks.actions.create import create
from apps.tasks.models import Task

COMMAND = re.compile(r"^/(\w+)(?:\s+(.*))?$", re.DOTALL)


class NotUnderstood(Refused):
    code = "invalid"
    api_status = 400


Run = Callable[[Room, str, User], str | None]


class Command(NamedTuple):
    """`run(room, rest of the line, by)` does it and returns what is posted in the room; None for nothing."""

    run: Run
    description: Promise


_commands: dict[str, Command] = {}


def register_slash_command(name: str, run: Run, *, description: Promise) -> None:
    """Have `/name` understood; `description` is its line in the list of commands. Call this in `AppConfig.ready()`."""
    _commands[name] = Command(run, description)


def known_commands() -> list[dict[str, str]]:
    """The commands as the composer offers them."""
    return [{"text": f"/{name}", "label": str(command.description)} for name, command in _commands.items()]


def post(
    room: Room,
    *,
    text: str,
    by: User,
    client_message_id: UUID,
    reply_to: Message | None = None,
    files: Sequence[UUID] = (),
) -> Message | None:
    """Post what `by` has typed, or run it if it is a command, and post its outcome.

    Sent again with its `client_message_id`, it is not done again.
    """
    command, rest = _command_in(text)
    if command is None:
        return post_message(room, text=text, by=by, client_message_id=client_message_id, reply_to=reply_to, files=files)
    with locked_for_change(room.project_id, by=by, needs=Action.COMMENT):
        if posted := room.messages.filter(author=by, client_message_id=client_message_id).first():
            return posted
        words = command.run(room, rest, by)
        if words is None:
            return None
        return post_message(
            room, text=words, by=by, client_message_id=client_message_id, reply_to=reply_to, files=files
        )


def _command_in(text: str) -> tuple[Command | None, str]:
    """The command that `text` is, and the rest of its line."""
    found = COMMAND.match(text.strip())
    return (_commands.get(found[1].lower()), (found[2] or "").strip()) if found else (None, "")


def task(room: Room, title: str, by: User) -> str:
    """`/task Buy rope`: the new task's key."""
    limit = max_length(Task, "title")
    if len(title) > limit:
        raise NotUnderstood(too_long(len(title), limit))
    return create(room.project, title=title, by=by).key


def assign(room: Room, rest: str, by: User) -> str:
    """`/assign TIDE-12 @ana`: who has the task now. Their name without the sign, for they are not called besides."""
    task, to = _task_and_member(room.project, rest)
    assign_task(task, to=to, by=by)
    return f"{task.key} → {to}"


def _task_and_member(project: Project, rest: str) -> tuple[Task, User]:
    found = re.fullmatch(rf"{project.key}-(\d{{1,9}})\s+@?(\S+)", rest, re.IGNORECASE)
    task = found and project.tasks.filter(number=found[1]).first()
    to = found and handles.named_in(project, [f"@{found[2]}"]).get(found[2])
    if not task or not to:
        raise NotUnderstood(_("Name a task and a member, such as /assign {key}-12 @ana.").format(key=project.key))
    return task, to
