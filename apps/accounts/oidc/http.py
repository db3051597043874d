"""One question to the provider, and its answer as JSON."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings

from apps import outbound, strict_json
from apps.accounts.oidc.errors import SignInRefused

LONGEST = 5.0  # seconds for one question
LARGEST = 512 * 1024  # bytes; a token with very many groups is far below
_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Have all questions asked in here end in time together."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def ask(url: str, *, form: dict[str, str] | None = None, bearer: str = "") -> tuple[dict[str, Any], str]:
    """The JSON object at `url`, and the answer's Date header ("" without one). With `form` it is a POST.

    Raises SignInRefused: provider_unavailable, provider_slow or provider_error.
    """
    headers = {"Accept": "application/json"}
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    content = urlencode(form).encode() if form is not None else None
    answer = _answer("GET" if form is None else "POST", url, headers, content)
    if answer.status != 200:
        code = "provider_unavailable" if answer.status >= 500 else "provider_error"
        raise SignInRefused(code, f"{url} answered {answer.status}{_error_in(answer.body)}.")
    return _object_in(answer.body, url), answer.headers.get("Date", "")


def _answer(method: str, url: str, headers: dict[str, str], content: bytes | None) -> outbound.Answer:
    deadline = _deadline.get()
    left = LONGEST if deadline is None else min(LONGEST, deadline - time.monotonic())
    if left <= 0:
        raise SignInRefused("provider_slow", f"There was no time left to ask {url}.")
    limits = outbound.Limits(connect=min(3, left), read=left, total=left, size=LARGEST)
    is_named = _place(url) in _named_by_operator()
    guarded = outbound.GuardedTransport(only_public=not is_named, is_named_by_operator=is_named)
    asking = outbound.request(method, url, headers=headers, content=content, limits=limits, transport=guarded)
    try:
        return asyncio.run(asking)
    except outbound.ForbiddenAddress as error:
        raise SignInRefused("provider_unavailable", f"{url}: {error} AUTHENTIK_ENDPOINTS may name it.") from error
    except outbound.TimedOut as error:
        raise SignInRefused("provider_slow", f"{url}: {error}") from error
    except outbound.OutboundError as error:
        raise SignInRefused("provider_unavailable", f"{url}: {error}") from error


def _named_by_operator() -> set[tuple[str, int | None]]:
    """Where the provider is by the operator's own word: there it may be private. What it tells itself is not."""
    named = (settings.AUTHENTIK_ISSUER, *settings.AUTHENTIK_ENDPOINTS.values())
    return {place for url in named if (place := _place(url))}


def _place(url: str) -> tuple[str, int | None] | None:
    """Host and port; without a port the scheme's own. None for what is no address."""
    try:
        parts = urlsplit(url)
        return (parts.hostname, parts.port or outbound.SCHEMES.get(parts.scheme)) if parts.hostname else None
    except ValueError:
        return None


def _object_in(body: bytes, url: str) -> dict[str, Any]:
    try:
        found = strict_json.loads(body)
    except ValueError as error:
        raise SignInRefused("provider_error", f"{url} did not answer with JSON.") from error
    if not isinstance(found, dict):
        raise SignInRefused("provider_error", f"{url} did not answer with a JSON object.")
    return found


def _error_in(body: bytes) -> str:
    """OAuth's own word for what is wrong, such as invalid_client (RFC 6749, section 5.2)."""
    try:
        word = strict_json.loads(body).get("error", "")
    except (ValueError, AttributeError):
        return ""
    return f" ({word})" if isinstance(word, str) and word.replace("_", "").isalpha() and len(word) < 40 else ""
