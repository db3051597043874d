"""The clock that times are written by: the person's choice, else the one their browser told in a cookie."""

import zoneinfo
from functools import cache

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.lazy_text import LazyText

COOKIE = "time_zone"
PARTS = {
    "Africa": _("Africa"),
    "America": _("America"),
    "Antarctica": _("Antarctica"),
    "Arctic": _("Arctic"),
    "Asia": _("Asia"),
    "Atlantic": _("Atlantic"),
    "Australia": _("Australia"),
    "Europe": _("Europe"),
    "Indian": _("Indian Ocean"),
    "Pacific": _("Pacific"),
}


@cache
def known() -> frozenset[str]:
    """Every IANA name; finding them walks through a folder, so it is done once."""
    return frozenset(zoneinfo.available_timezones())


def choices() -> list[tuple[LazyText, list[tuple[str, str]]]]:
    """The names people choose among, by part of the world: `Europe/Berlin` as Berlin, in Europe.

    Older names of the same places are left out, such as US/Eastern.
    """
    places: dict[str, list[tuple[str, str]]] = {part: [] for part in PARTS}
    for name in sorted(known()):
        part, _slash, place = name.partition("/")
        if part in places:
            places[part].append((name, place.replace("_", " ")))
    return [*((PARTS[part], found) for part, found in places.items()), ("UTC", [("UTC", "UTC")])]


def zone_of(request: HttpRequest) -> zoneinfo.ZoneInfo | None:
    name = request.user.time_zone if request.user.is_authenticated else ""
    name = name or request.COOKIES.get(COOKIE, "")
    return zoneinfo.ZoneInfo(name) if name in known() else None
