"""How somebody looks to others: a hue, or a picture they uploaded.

What was uploaded is never shown: it is drawn anew (`apps.pictures`), small and without all that a file can carry.
"""

import hashlib
from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Avatar, User
from apps.accounts.signals import person_changed
from apps.errors import Refused
from apps.pictures.redraw import PictureRefused, redraw

MOST_BYTES = 2 * 1024 * 1024
MOST_PIXELS = 16_000_000
SIDE = 128
FORMATS = ["PNG", "JPEG", "WEBP"]
REASONS = {
    "too_many_pixels": _("That picture has more than 16 megapixels. Please make it smaller first."),
    "animated": _("That picture moves. Please use one that stands still."),
    "unreadable": _("That file is not a picture we can read. Please use a PNG, JPEG or WebP."),
    "too_much": _("That picture takes too much memory or time to open. Please make it smaller first."),
}


class Unusable(Refused):
    code = "picture_unusable"
    api_status = 400


@transaction.atomic
def change(person: User, *, hue: str, content: bytes | None = None) -> None:
    """Have `person` look like that; without `content` a picture they have stays."""
    person.hue = hue
    changed = ["hue"]
    if content is not None:
        Avatar.objects.update_or_create(user=person, defaults={"content": content})
        person.avatar = hashlib.sha256(content).hexdigest()[:32]
        changed.append("avatar")
    _save(person, changed)


@transaction.atomic
def remove(person: User) -> None:
    Avatar.objects.filter(user=person).delete()
    person.avatar = ""
    _save(person, ["avatar"])


def _save(person: User, changed: list[str]) -> None:
    person.save(update_fields=changed)
    person_changed.send(User, user=person)


def reencoded(upload: BinaryIO) -> bytes:
    """The picture in `upload` as a square WebP of SIDE pixels. Raises Unusable with the reason."""
    try:
        return redraw(upload, formats=FORMATS, size=(SIDE, SIDE), most_pixels=MOST_PIXELS, is_square=True).webp
    except PictureRefused as refusal:
        raise Unusable(REASONS[refusal.reason]) from refusal
