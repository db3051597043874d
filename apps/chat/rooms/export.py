"""A whole room to take along: every message that stands, oldest first, streamed as it is read."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.audit import export_limits
from apps.accounts.models import User
from apps.chat.attachments import attachments
from apps.chat.models import Message, Room
from apps.chat.rooms import system_messages
from apps.projects import permissions
from apps.projects.permissions import Action

AT_ONCE = 500  # messages in memory


def export(room: Room, kind: str, *, by: User) -> StreamingHttpResponse:
    """The room as a file of `kind` (one of KINDS), which the audit tells of. Raises exports.TooMany."""
    permissions.require(by, Action.MANAGE, room.project)
    export_limits.require_few(by)
    audit.record("room.exported", by=by, project_id=room.project_id, name=room.name, kind=kind)
    content_type, lines = KINDS[kind]
    answer = StreamingHttpResponse(lines(room), content_type=content_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="room-{room.pk}.{kind}"'
    return answer


def _messages_of(room: Room) -> Iterator[Message]:
    messages = (
        room.messages.not_deleted()
        .select_related("author")
        .prefetch_related("reactions__user", attachments.OF_MESSAGES)
    )
    return messages.order_by("pk").iterator(chunk_size=AT_ONCE)


def _as_json(room: Room) -> Iterator[str]:
    yield f'{{"room": {json.dumps(room.name, ensure_ascii=False)}, "messages": ['
    for number, message in enumerate(_messages_of(room)):
        yield (",\n" if number else "\n") + json.dumps(_as_dict(message), ensure_ascii=False)
    yield "\n]}\n"


def _as_dict(message: Message) -> dict[str, Any]:
    return {
        "id": message.pk,
        "at": message.created_at.isoformat(),
        "edited_at": message.edited_at and message.edited_at.isoformat(),
        "author": _name_of(message),
        "username": message.author and message.author.username,
        "reply_to": message.reply_to_id,
        "text": _text_of(message),
        "reactions": [[reaction.emoji, reaction.user.username] for reaction in message.reactions.all()],
    }


def _as_markdown(room: Room) -> Iterator[str]:
    yield f"# {room.name}\n"
    for message in _messages_of(room):
        yield f"\n**{_name_of(message)}**, {message.created_at:%Y-%m-%d %H:%M} UTC\n\n{_text_of(message)}\n"


def _name_of(message: Message) -> str:
    return "Team Board" if message.system_message else str(message.author or _("Former member"))


def _text_of(message: Message) -> str:
    return (
        system_messages.sentence_of(message.system_message)
        if message.system_message
        else "\n".join([message.shown_text, *_cut_of(message), *_files_of(message)]).strip()
    )


def _cut_of(message: Message) -> list[str]:
    return ["", _("The rest was left out.")] if message.is_truncated else []


def _files_of(message: Message) -> list[str]:
    """Their names; what is in them is not taken along."""
    return [f"[{file.name}]" for file in message.files.all()]


KINDS: dict[str, tuple[str, Callable[[Room], Iterator[str]]]] = {
    "json": ("application/json; charset=utf-8", _as_json),
    "md": ("text/markdown; charset=utf-8", _as_markdown),
}
