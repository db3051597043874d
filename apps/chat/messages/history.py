"""A room's messages by pages: the newest, those before or after one, or around it."""

from typing import NamedTuple

from apps.chat.messages import render
from apps.chat.models import Message, Room

PAGE = 40


class RenderedMessage(NamedTuple):
    pk: int
    rank: str
    html: str


class Page(NamedTuple):
    """`older` and `newer` are what to ask before and after of for more; None at the ends of the room."""

    messages: list[RenderedMessage]
    older: int | None
    newer: int | None


def page(room: Room, *, before: int | None = None, after: int | None = None, around: int | None = None) -> Page:
    """PAGE messages: the newest, or those `before`, `after` or `around` the key of one."""
    found, older, newer = keys(room, before=before, after=after, around=around)
    messages = render.with_related(Message.objects.not_deleted().filter(pk__in=found)).order_by("pk")
    html = render.render_messages(messages)
    return Page([RenderedMessage(pk, render.rank_of(pk), html[pk]) for pk in found if pk in html], older, newer)


def keys(
    room: Room, *, before: int | None = None, after: int | None = None, around: int | None = None, limit: int = PAGE
) -> tuple[list[int], int | None, int | None]:
    """The same as keys in their order; and which to ask before and after of for more."""
    standing = room.messages.not_deleted().order_by("pk").values_list("pk", flat=True)
    if after is not None:
        newer = list(standing.filter(pk__gt=after)[: limit + 1])
        return newer[:limit], _first_of(newer), newer[limit - 1] if len(newer) > limit else None
    if around is not None:
        half = limit // 2
        older = list(standing.filter(pk__lt=around).reverse()[: half + 1])[::-1]
        newer = list(standing.filter(pk__gte=around)[: half + 1])
        found = [*older[-half:], *newer[:half]]
        return found, found[0] if len(older) > half else None, found[-1] if len(newer) > half else None
    bounded = standing if before is None else standing.filter(pk__lt=before)
    found = list(bounded.reverse()[: limit + 1])[::-1]
    last = found[-1] if before is not None and found else None
    return found[-limit:], found[1] if len(found) > limit else None, last


def _first_of(found: list[int]) -> int | None:
    return found[0] if found else None
