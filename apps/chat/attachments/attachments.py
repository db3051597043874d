"""Files that people put into a room: kept in the database chunk by chunk, named by us, shown by what they are.

Nothing that was uploaded decides how it is served: a picture is one that we could draw anew, and all
else is taken along as it is (docs/decisions/0008).
"""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import Prefetch, Sum
from django.db.models.functions import Now
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps import names
from apps.accounts import rate_limits
from apps.accounts.models import User
from apps.chat.models import FILE_NAME_LENGTH, Attachment, FileChunk, Message, Room
from apps.errors import Refused, TooOften
from apps.pictures.redraw import Drawn, PictureRefused, redraw
from apps.projects.changes import locked_for_change
from apps.projects.permissions import Action

MOST_FILES = 10  # of one message
UPLOADS_PER_MINUTE = 30
CHUNK_BYTES = 1024 * 1024
UNSENT_KEPT_FOR = timedelta(hours=24)
NAMELESS = "file"  # what one without a name is called, whatever language its uploader reads
PICTURES = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
MOST_PIXELS = 20_000_000
THUMBNAIL_SIZE = (480, 360)
# Of messages that were found for somebody: their files, without what is in them.
OF_MESSAGES = Prefetch("files", Attachment.objects.defer("thumbnail").order_by("created_at", "pk"))


class TooLarge(Refused):
    code = "too_large"
    page_status = api_status = 413


class NoSpace(Refused):
    code = "no_space"


class Empty(Refused):
    code = "invalid"
    api_status = 400


class FileGone(Refused):
    code = "file_gone"


def upload(room: Room, file: "File[bytes]", *, name: str, by: User) -> Attachment:
    """Keep `file` for a message that `by` is about to post in `room`; unsent, it is forgotten after UNSENT_KEPT_FOR.

    Raises Empty, TooLarge, NoSpace when the project has no more room for it, TooOften.
    """
    if not rate_limits.passes(f"files:{by.pk}", UPLOADS_PER_MINUTE):
        raise TooOften(_("You have uploaded very much in this minute. Wait a moment."), rate_limits.seconds_left())
    if not file.size:
        raise Empty(_("That file is empty."))
    if file.size > settings.LARGEST_FILE:
        raise TooLarge(_("A file may have {limit} at most.").format(limit=filesizeformat(settings.LARGEST_FILE)))
    attachment = _reserve(room, file.size, name=name, by=by)
    try:
        _store(attachment, file, _thumbnail_of(file))  # drawn while no transaction is open
    except BaseException:
        attachment.delete()
        raise
    return attachment


def _reserve(room: Room, size: int, *, name: str, by: User) -> Attachment:
    """Its row, with which its size counts: under the project's lock, so that two do not share the last of the space."""
    with locked_for_change(room.project_id, by=by, needs=Action.COMMENT) as project:
        used = Attachment.objects.filter(room__project=project).aggregate(sum=Sum("size"))["sum"] or 0
        if used + size > settings.PROJECT_FILES:
            raise NoSpace(_("The files of this project take all the space they may. Delete some first."))
        return Attachment.objects.create(room=room, uploader=by, name=clean_name(name), size=size)


def clean_name(name: str) -> str:
    """What people see of a file's name: its last part, on one line, with nothing that hides or turns.

    A browser sends a quotation mark as %22 (HTML, "multipart/form-data encoding algorithm").
    """
    plain = names.tidy(name.replace("\\", "/").rpartition("/")[2]).replace("%22", '"').rstrip(" .").lstrip()
    return plain[-FILE_NAME_LENGTH:] or NAMELESS


@transaction.atomic
def _store(attachment: Attachment, file: "File[bytes]", thumbnail: Drawn | None) -> None:
    digest = hashlib.sha256()
    for number, content in enumerate(iter(lambda: file.read(CHUNK_BYTES), b"")):
        digest.update(content)
        FileChunk.objects.create(attachment=attachment, number=number, content=content)
    attachment.sha256, attachment.is_complete = digest.hexdigest(), True
    if thumbnail:
        attachment.content_type, attachment.thumbnail = PICTURES[thumbnail.format], thumbnail.webp
        attachment.width, attachment.height = thumbnail.width, thumbnail.height
    attachment.save(
        update_fields=["sha256", "is_complete", "content_type", "thumbnail", "width", "height"],
    )


def _thumbnail_of(file: "File[bytes]") -> Drawn | None:
    """A small one, drawn anew; None for what is no picture or would take too much: it is kept as a file."""
    try:
        return redraw(cast(BinaryIO, file), formats=list(PICTURES), size=THUMBNAIL_SIZE, most_pixels=MOST_PIXELS)
    except PictureRefused:
        return None
    finally:
        file.seek(0)


def attach(message: Message, files: list[UUID]) -> None:
    """Have `message` carry what its author has uploaded. Under the project's lock. Raises FileGone, TooLarge."""
    if len(files) > MOST_FILES:
        sentence = ngettext("A message carries {n} file at most.", "A message carries {n} files at most.", MOST_FILES)
        raise TooLarge(sentence.format(n=MOST_FILES))
    mine = Attachment.objects.filter(room=message.room_id, uploader=message.author, message=None, is_complete=True)
    if mine.filter(pk__in=files).update(message=message) != len(set(files)):
        raise FileGone(_("One of the files is not here any more. Add it again."))


def chunks(attachment: Attachment) -> Iterator[bytes]:
    """Its content, a chunk at a time in memory."""
    numbers = list(attachment.chunks.order_by("number").values_list("number", flat=True))
    for number in numbers:
        content = attachment.chunks.filter(number=number).values_list("content", flat=True).first()
        if content is None:
            return  # deleted while it was read: the answer is too short for its length, which tells
        yield bytes(content)


def delete_unsent() -> None:
    """Delete what nobody has sent, whole or not."""
    Attachment.objects.filter(message=None, created_at__lt=Now() - UNSENT_KEPT_FOR).delete()


def files_of(messages: list[Message]) -> dict[int, list[Attachment]]:
    """By message; nothing is queried for those that carry none."""
    message_ids = [message.pk for message in messages if message.has_files]
    found: dict[int, list[Attachment]] = {}
    if message_ids:
        files = Attachment.objects.filter(message__in=message_ids).defer("thumbnail")
        for attachment in files.order_by("created_at", "pk"):
            found.setdefault(cast(int, attachment.message_id), []).append(attachment)
    return found
