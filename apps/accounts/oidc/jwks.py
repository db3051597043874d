"""The provider's public keys, kept for an hour and longer while it is down."""

import threading
import time
from typing import Any, NamedTuple

import jwt
from django.conf import settings

from apps.accounts.oidc import provider
from apps.accounts.oidc.errors import SignInRefused
from apps.accounts.oidc.http import ask

KEPT = 3600.0  # seconds
AFTER_A_FAILURE = 30.0  # how long keys that are too old are used before they are asked for again
# How often somebody who need not prove anything may make us ask for keys: a bearer token, a logout token.
STRANGERS_EVERY = 30.0
KEY_TYPES = {"RS256": "RSA", "ES256": "EC"}


type Key = dict[str, Any]


class Kept(NamedTuple):
    keys: list[Key]
    at: float


_kept: dict[str, Kept] = {}
_asked_by_strangers = 0.0
_lock = threading.Lock()  # of the two above; never held while the provider is asked


def forget() -> None:
    global _asked_by_strangers
    _kept.clear()
    _asked_by_strangers = 0.0


def find(header: dict[str, Any], *, by_stranger: bool) -> jwt.PyJWK:
    """The key that a token with `header` is signed with. Raises SignInRefused when none fits.

    An unknown key id has them fetched anew: the provider may have changed keys. A token that came from
    the provider itself always may; strangers share a budget of their own, so that forged key ids can
    neither flood the provider nor keep a real change from being noticed.
    """
    key = _fitting(_known(by_stranger), header)
    if key is None and (not by_stranger or _stranger_may_ask()):
        key = _fitting(_fetched(), header)
    if key is None:
        raise SignInRefused("token_invalid", "The token is signed with no key that the provider publishes.")
    return key


def usable() -> int:
    """How many keys the provider publishes now that fit the algorithm. Raises SignInRefused."""
    return sum(_is_usable(key) for key in _fetched())


def _known(by_stranger: bool) -> list[Key]:
    """The keys as they were fetched last. Who finds them too old fetches them, and the others need not wait for it."""
    url = provider.endpoints().jwks
    with _lock:
        kept = _kept.get(url)
        if kept and time.monotonic() - kept.at < KEPT:
            return kept.keys
        if kept:
            _kept[url] = Kept(kept.keys, time.monotonic() - KEPT + AFTER_A_FAILURE)
    try:
        if by_stranger and not _stranger_may_ask():
            raise SignInRefused("provider_unavailable", "The keys could not be fetched a moment ago.")
        return _fetched()
    except SignInRefused:
        if kept is None:
            raise
        return kept.keys


def _fetched() -> list[Key]:
    url = provider.endpoints().jwks
    document, _date = ask(url)
    told = document.get("keys")
    keys = [key for key in told if isinstance(key, dict)] if isinstance(told, list) else []
    with _lock:
        _kept[url] = Kept(keys, time.monotonic())
    return keys


def _stranger_may_ask() -> bool:
    global _asked_by_strangers
    with _lock:
        now = time.monotonic()
        if _asked_by_strangers and now - _asked_by_strangers < STRANGERS_EVERY:
            return False
        _asked_by_strangers = now
        return True


def _fitting(keys: list[Key], header: dict[str, Any]) -> jwt.PyJWK | None:
    """The key with the token's id; without an id only when exactly one fits."""
    fitting = [key for key in keys if _is_usable(key) and ("kid" not in header or key.get("kid") == header["kid"])]
    if len(fitting) != 1:
        return None
    try:
        return jwt.PyJWK(fitting[0], settings.AUTHENTIK_ALGORITHM)
    except jwt.PyJWTError:
        return None


def _is_usable(key: Key) -> bool:
    """For signatures by our algorithm."""
    algorithm = settings.AUTHENTIK_ALGORITHM
    is_for_signing = key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm
    return is_for_signing and key.get("kty") == KEY_TYPES[algorithm]
