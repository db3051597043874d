"""Posting a message in a room."""

import uuid
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.chat.attachments import attachments
from apps.chat.link_previews import previews
from apps.chat.messages import parse
from apps.chat.messages.parse import ParsedMessage
from apps.chat.models import Mention, Message, Room, TaskReference
from apps.errors import Refused
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.strict_json import storable


class Archived(Refused):
    code = "archived"


class ReplyNotInRoom(Refused):
    code = "invalid"
    api_status = 400


def post(
    room: Room,
    *,
    text: str,
    by: User,
    client_message_id: UUID,
    reply_to: Message | None = None,
    files: Sequence[UUID] = (),
    as_board: bool = False,
    is_truncated: bool = False,
    empty_reason: str = "",
) -> Message:
    """Post `text` (Markdown) and log `message.posted`; a `client_message_id` that came before returns that message.

    `files` are what `by` has uploaded for it; a message that carries some need not say anything. `as_board`: the
    board posts it in the name of `by`, whose role is not asked. `is_truncated`: the text is only the beginning of what
    `by` said; `empty_reason`: why there is none.
    Raises NotAllowed, Archived, ReplyNotInRoom, and what `parse.parse` and `attachments.attach` raise.
    """
    text = storable(text)
    needs = None if as_board else Action.COMMENT
    # The room's row is read by _before, together with what was posted.
    with locked_for_change(room.project_id, by=by, needs=needs) as project:
        is_archived, posted = _before(room, by, client_message_id)
        if posted:
            return Message.objects.get(pk=posted)
        if is_archived:
            raise Archived(_("This room is archived: it can be read, and nothing is added."))
        if reply_to and not room.messages.not_deleted().filter(pk=reply_to.pk).exists():
            raise ReplyNotInRoom(_("The message you answer is not in this room any more."))
        may_be_empty = bool(files or empty_reason)
        parsed = ParsedMessage("") if may_be_empty and not text.strip() else parse.parse(project, text, by=by)
        message = Message(room=room, author=by, client_message_id=client_message_id, text=text, html=parsed.html)
        message.reply_to, message.has_files = reply_to, bool(files)
        message.is_truncated, message.empty_reason = is_truncated, empty_reason
        message.save(force_insert=True)
        if files:
            attachments.attach(message, list(files))
        update_references(message, parsed)
        _log(project, "message.posted", message, parsed, by=by)
    return message


def _before(room: Room, by: User, client_message_id: UUID) -> tuple[bool, int | None]:
    """Whether the room is archived by now, and the key of what was posted with the `client_message_id`."""
    posted = Message.objects.filter(room=OuterRef("pk"), author=by, client_message_id=client_message_id).values("pk")
    archived_at, key = Room.objects.filter(pk=room.pk).values_list("archived_at", Subquery(posted)).get()
    return archived_at is not None, key


def post_system_message(
    room: Room, code: str, *, actor: User | None = None, **facts: str | int | dict[str, Any]
) -> Message:
    """Post as the board itself: `system_messages` has the sentence for `code`, in each reader's language.

    `actor` is who caused it, for the log.
    """
    with locked_for_change(room.project_id) as project:
        system_message = {"code": code, "facts": facts}
        message = room.messages.create(client_message_id=uuid.uuid4(), system_message=system_message)
        _log(project, "message.posted", message, ParsedMessage(""), by=actor)
    return message


def update_references(message: Message, parsed: ParsedMessage) -> list[int]:
    """Store the mentions and task references that `parsed` has; returns who is mentioned for the first time."""
    before = set(message.mentions.values_list("user", flat=True)) if message.edited_at else set()
    called = {user.pk for user in parsed.mentioned}
    if message.edited_at:
        message.mentions.exclude(user__in=called).delete()
        message.task_references.all().delete()
    new = sorted(called - before)
    if new:
        Mention.objects.bulk_create(Mention(message=message, user_id=pk) for pk in new)
    if parsed.tasks:
        TaskReference.objects.bulk_create(TaskReference(message=message, task=task) for task in parsed.tasks)
    previews.schedule(message)
    return new


def _log(project: Project, kind: str, message: Message, parsed: ParsedMessage, *, by: User | None) -> None:
    mentions = [user.pk for user in parsed.mentioned]
    tasks = [task.pk for task in parsed.tasks]
    events.record(project, kind, by=by, room=message.room_id, message=message.pk, mentions=mentions, tasks=tasks)
