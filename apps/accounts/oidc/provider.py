"""The provider: what the settings say of it, and what it says of itself in its discovery document.

Nothing is asked before somebody signs in, and what was discovered stays in the process for an hour, longer
while the provider is down.
"""

import logging
import threading
import time
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings

from apps.accounts.oidc.errors import SignInRefused
from apps.accounts.oidc.http import ask, within

log = logging.getLogger(__name__)
KEPT = 3600.0  # seconds
AFTER_A_FAILURE = 30.0
DISCOVERY = ".well-known/openid-configuration"
# Our names for its endpoints: AUTHENTIK_ENDPOINTS may replace each.
ENDPOINTS = {
    "authorization": "authorization_endpoint",
    "token": "token_endpoint",  # nosec B105 - a field of the discovery document
    "userinfo": "userinfo_endpoint",
    "jwks": "jwks_uri",
    "end_session": "end_session_endpoint",
}


class Endpoints(NamedTuple):
    """`end_session` is "" when the provider has none."""

    authorization: str
    token: str
    userinfo: str
    jwks: str
    end_session: str


class _Discovery:
    """What the last question brought: endpoints, or a failure that need not be asked for again at once."""

    endpoints: Endpoints | None = None
    failure: SignInRefused | None = None
    at = 0.0


_discoveries: dict[str, _Discovery] = {}
_lock = threading.Lock()


def is_configured() -> bool:
    return bool(settings.AUTHENTIK_ISSUER)


def forget() -> None:
    """Ask the provider afresh next time."""
    _discoveries.clear()


def endpoints() -> Endpoints:
    """Where it is asked for what. Raises SignInRefused; after a failure the same one for half a minute."""
    with _lock:  # never held while the provider is asked: who finds what is known too old asks, the others take it
        discovery = _discoveries.setdefault(settings.AUTHENTIK_ISSUER, _Discovery())
        age = time.monotonic() - discovery.at
        if discovery.endpoints is None and discovery.failure and age < AFTER_A_FAILURE:
            raise discovery.failure
        if discovery.endpoints is not None and age <= KEPT:
            return discovery.endpoints
        discovery.at = time.monotonic()
    return _discover(discovery)


def _discover(discovery: _Discovery) -> Endpoints:
    try:
        discovery.endpoints, discovery.failure = discovered(), None
    except SignInRefused as refused:
        log.warning("The provider could not be discovered", extra={"code": refused.code, "detail": refused.detail})
        discovery.failure = refused
        if discovery.endpoints is None:
            raise
    return discovery.endpoints


def discovered() -> Endpoints:
    """What the discovery document says now; its issuer must be ours to the letter (OIDC Discovery, 4.3)."""
    document, _date = ask(settings.AUTHENTIK_ISSUER + DISCOVERY)
    if document.get("issuer") != settings.AUTHENTIK_ISSUER:
        told = str(document.get("issuer"))[:200]
        raise SignInRefused("misconfigured", f"The provider calls itself {told}, not {settings.AUTHENTIK_ISSUER}.")
    found = {name: document.get(word, "") for name, word in ENDPOINTS.items()} | settings.AUTHENTIK_ENDPOINTS
    for name, url in found.items():
        if not _is_web_address(url) and (url or name != "end_session"):
            raise SignInRefused("misconfigured", f"The provider's {name} endpoint is no web address.")
    return Endpoints(**found)


def _is_web_address(url: object) -> bool:
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
        _port = parts.port  # it is read, and refused, only when it is asked for
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def is_available() -> bool:
    """Whether a sign-in can begin, for the page that offers it."""
    try:
        with within(3):
            endpoints()
    except SignInRefused:
        return False
    return True
