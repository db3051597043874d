"""A request that is sent to HTTPS and comes back by HTTP for ever: the proxy in between is to blame, and is named.

Django sends every request by HTTP to HTTPS where PUBLIC_URL says https. By which of both a request came, a proxy
says, who must stand in TRUSTED_PROXIES and say it in words that are understood; else the browser goes in circles.
"""

import ipaddress
import logging
import time
from collections import OrderedDict
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _
from uvicorn.middleware.proxy_headers import _TrustedHosts

from apps.rest.peer import peer_of
from teamboard.observability import health
from teamboard.web.overload import refusal

log = logging.getLogger(__name__)
CIRCLE = 8  # times the same address by the same client; browsers give up after 20
WITHIN_SECONDS = 10
LOG_EVERY_SECONDS = 60
MOST_KEPT = 1000
# What proxies say it in; uvicorn reads the first alone.
HEADERS = ("X-Forwarded-Proto", "X-Forwarded-Protocol", "X-Forwarded-Scheme", "X-Forwarded-Ssl", "Forwarded")


class HttpsTroubleMiddleware:
    """Stands before Django's SecurityMiddleware, which redirects."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.trusted = _TrustedHosts(settings.TRUSTED_PROXIES)
        self.circles: OrderedDict[tuple[str, str], list[float]] = OrderedDict()
        self.logged: OrderedDict[str, float] = OrderedDict()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.is_secure() or request.path_info in health.PATHS:
            return self.get_response(request)
        peer, told = peer_of(request), what_was_told(request)
        if not settings.SECURE_SSL_REDIRECT:
            self.note_all_as_one(request, peer)
            return self.get_response(request)
        is_trouble = "https" in told.lower() or ": on" in told.lower() or self.goes_in_circles(request)
        self.note(request, peer, told, is_trouble)
        if not is_trouble:
            return self.get_response(request)
        with translation.override(translation.get_language_from_request(request)):
            lines, body = refusal(request.path, 400, "untrusted_proxy", self.cause(peer, told))
        headers = {name.decode(): value.decode() for name, value in lines}
        return HttpResponse(body, status=400, headers=headers)

    def cause(self, peer: str, told: str) -> str:
        facts = {"public_url": settings.PUBLIC_URL, "peer": peer or _("an unknown address"), "told": told}
        if peer not in self.trusted:
            sentence = _(
                "Team Board is at %(public_url)s, but this request came by HTTP from %(peer)s. If that is your proxy, "
                "add its address to TRUSTED_PROXIES and let it send X-Forwarded-Proto: https."
            )
        elif told:
            sentence = _(
                "Team Board is at %(public_url)s, but the proxy at %(peer)s says “%(told)s”. Let it send "
                "X-Forwarded-Proto: https and nothing else about that."
            )
        else:
            sentence = _(
                "Team Board is at %(public_url)s, but the proxy at %(peer)s does not say that this request came by "
                "HTTPS. Let it send X-Forwarded-Proto: https."
            )
        return sentence % facts

    def goes_in_circles(self, request: HttpRequest) -> bool:
        now = time.monotonic()
        key = (request.META.get("REMOTE_ADDR", ""), request.get_full_path()[:500])
        recent = [at for at in self.circles.pop(key, []) if now - at < WITHIN_SECONDS][-CIRCLE:]
        self.circles[key] = [*recent, now]
        if len(self.circles) > MOST_KEPT:
            self.circles.popitem(last=False)
        return len(recent) >= CIRCLE

    def note_all_as_one(self, request: HttpRequest, peer: str) -> None:
        """By HTTP a proxy that is not believed breaks nothing at once: all behind it count as one, to every limit."""
        if "X-Forwarded-For" in request.headers and peer not in self.trusted and is_near(peer) and self.is_due(peer):
            log.warning(
                "Whose requests a proxy brings is not believed, so all of them count as one: see TRUSTED_PROXIES",
                extra={"peer": peer},
            )

    def is_due(self, peer: str) -> bool:
        """Once a minute for each that is connected."""
        now = time.monotonic()
        if now - self.logged.get(peer, -LOG_EVERY_SECONDS) < LOG_EVERY_SECONDS:
            return False
        self.logged[peer] = now
        if len(self.logged) > MOST_KEPT:
            self.logged.popitem(last=False)
        return True

    def note(self, request: HttpRequest, peer: str, told: str, is_trouble: bool) -> None:
        """That it is sent to HTTPS, or why not."""
        if not self.is_due(peer):
            return
        facts = {
            "peer": peer,
            "is_trusted": peer in self.trusted,
            "told": told,
            "host": request.headers.get("Host", ""),
            "public_url": settings.PUBLIC_URL,
        }
        if is_trouble:
            log.warning(
                "A request by HTTPS came through a proxy that is not believed: see TRUSTED_PROXIES", extra=facts
            )
        else:
            log.info("A request by HTTP is sent to HTTPS", extra=facts)


def is_near(address: str) -> bool:
    """On this machine or in a private network, as a proxy is; a stranger may write any header."""
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return False


def what_was_told(request: HttpRequest) -> str:
    """The headers about HTTP or HTTPS, as they came."""
    told = [(name, request.headers[name]) for name in HEADERS if name in request.headers]
    return ", ".join(f"{name}: {value}" for name, value in told if name != "Forwarded" or "proto" in value.lower())[
        :300
    ]
