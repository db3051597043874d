"""A project's rooms and the messages in them."""

from apps.chat.models.attachment import FILE_NAME_LENGTH, Attachment, FileChunk
from apps.chat.models.link_preview import URL_LENGTH, LinkPreview
from apps.chat.models.message import (
    EMOJI_LENGTH,
    MESSAGE_LENGTH,
    WORD_BEGINNINGS,
    Mention,
    Message,
    MessageQuerySet,
    MessageRevision,
    Pin,
    Reaction,
    TaskReference,
)
from apps.chat.models.room import (
    MAX_RETENTION_DAYS,
    ROOM_NAME_LENGTH,
    ReadMark,
    Room,
    RoomQuerySet,
    RoomRetention,
    RoomSubscription,
)

__all__ = [
    "EMOJI_LENGTH",
    "FILE_NAME_LENGTH",
    "MAX_RETENTION_DAYS",
    "MESSAGE_LENGTH",
    "ROOM_NAME_LENGTH",
    "URL_LENGTH",
    "WORD_BEGINNINGS",
    "Attachment",
    "FileChunk",
    "LinkPreview",
    "Mention",
    "Message",
    "MessageQuerySet",
    "MessageRevision",
    "Pin",
    "Reaction",
    "ReadMark",
    "Room",
    "RoomQuerySet",
    "RoomRetention",
    "RoomSubscription",
    "TaskReference",
]
