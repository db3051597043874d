"""How somebody looks to others: a hue, or a picture they uploaded.

What was uploaded is never shown: it is drawn anew, small and without all that a file can carry besides.
"""

import hashlib
import threading
from io import BytesIO
from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from apps.accounts.models import Avatar, User
from apps.accounts.signals import person_changed
from apps.errors import Refused

MOST_BYTES = 2 * 1024 * 1024
MOST_PIXELS = 16_000_000
SIDE = 128
FORMATS = ("PNG", "JPEG", "WEBP")
# One at a time in a process: opened, the largest picture takes 64 MiB, and its copies as much again.
OPENING = threading.BoundedSemaphore(1)


class Unusable(Refused):
    code = "picture_unusable"
    api_status = 400


@transaction.atomic
def change(person: User, *, hue: str, content: bytes | None = None) -> None:
    """Have `person` look like that; without `content` a picture they have stays."""
    person.hue = hue
    if content is not None:
        Avatar.objects.update_or_create(user=person, defaults={"content": content})
        person.avatar = hashlib.sha256(content).hexdigest()[:32]
    _save(person)


@transaction.atomic
def remove(person: User) -> None:
    Avatar.objects.filter(user=person).delete()
    person.avatar = ""
    _save(person)


def _save(person: User) -> None:
    person.save(update_fields=["hue", "avatar"])
    person_changed.send(User, user=person)


def reencoded(upload: BinaryIO) -> bytes:
    """The picture in `upload` as a square WebP of SIDE pixels. Raises Unusable with the reason."""
    with OPENING:
        try:
            return _square_of(upload)
        except Unusable:
            raise
        except Exception as error:  # decoders raise whatever they stumble over
            raise Unusable(_("That file is not a picture we can read. Please use a PNG, JPEG or WebP.")) from error


def _square_of(upload: BinaryIO) -> bytes:
    with Image.open(upload, formats=FORMATS) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise Unusable(_("That picture has more than 16 megapixels. Please make it smaller first."))
        if getattr(picture, "n_frames", 1) > 1:
            raise Unusable(_("That picture moves. Please use one that stands still."))
        picture.draft("RGB", (SIDE * 2, SIDE * 2))  # a JPEG need not be opened at its full size
        upright = ImageOps.exif_transpose(picture).convert("RGBA")
    square = ImageOps.fit(upright, (SIDE, SIDE))
    sheet = Image.new("RGB", square.size, "white")  # which has nothing else in it: no place, no camera, no date
    sheet.paste(square, mask=square)
    drawn = BytesIO()
    sheet.save(drawn, "WEBP", quality=85)
    return drawn.getvalue()
