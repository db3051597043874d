"""A project's rooms and what is said in them."""

from apps.chat.models.attachment import FILE_NAME_LENGTH, Attachment, Piece
from apps.chat.models.link_preview import URL_LENGTH, LinkPreview
from apps.chat.models.message import (
    EMOJI_LENGTH,
    TEXT_LENGTH,
    WORDS,
    Mention,
    Message,
    MessageQuerySet,
    NamedTask,
    Pin,
    Reaction,
    Wording,
)
from apps.chat.models.room import MOST_DAYS, NAME_LENGTH, Following, ReadMark, Retention, Room, RoomQuerySet

__all__ = [
    "EMOJI_LENGTH",
    "FILE_NAME_LENGTH",
    "MOST_DAYS",
    "NAME_LENGTH",
    "TEXT_LENGTH",
    "URL_LENGTH",
    "WORDS",
    "Attachment",
    "Following",
    "LinkPreview",
    "Mention",
    "Message",
    "MessageQuerySet",
    "NamedTask",
    "Piece",
    "Pin",
    "Reaction",
    "ReadMark",
    "Retention",
    "Room",
    "RoomQuerySet",
    "Wording",
]
