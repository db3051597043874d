"""A form that was sent from another address than PUBLIC_URL, or seems to be because of a proxy in between."""

import logging
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.rest.peer import peer_of

log = logging.getLogger(__name__)
CODE = "wrong_origin"
REASONS = ("Origin checking failed", "Referer checking failed")  # of Django's CsrfViewMiddleware
LONGEST = 200


def is_cause(reason: str) -> bool:
    return reason.startswith(REASONS)


def tell(request: HttpRequest) -> str:
    """The sentence with the cause; the log has it as well."""
    origin, peer = origin_of(request), peer_of(request)
    log.warning(
        "A form was refused, because the address it was sent from is not PUBLIC_URL",
        extra={"origin": origin, "public_url": settings.PUBLIC_URL, "peer": peer, "scheme": request.scheme},
    )
    return _(
        "This page was opened at %(origin)s, but Team Board is at %(public_url)s: open it there. Administrators: "
        "PUBLIC_URL must be the address that people open, and a proxy in between must stand in TRUSTED_PROXIES. This "
        "request came from %(peer)s."
    ) % {"origin": origin or _("an unknown address"), "public_url": settings.PUBLIC_URL, "peer": peer}


def origin_of(request: HttpRequest) -> str:
    """As the browser tells it; "" when it does not, or says `null`."""
    origin = request.headers.get("Origin", "")
    if not origin:
        try:
            page = urlsplit(request.headers.get("Referer", ""))
        except ValueError:
            return ""
        origin = f"{page.scheme}://{page.netloc}" if page.netloc else ""
    return "" if origin == "null" else origin[:LONGEST]
