"""What is wrong between us and the provider, line by line, and what to paste there."""

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from apps.accounts import checks
from apps.accounts.oidc import jwks, provider
from apps.accounts.oidc.errors import SignInRefused
from apps.accounts.oidc.http import ask
from apps.accounts.oidc.id_tokens import LEEWAY
from apps.accounts.oidc.token_exchange import redirect_uri


class Finding(NamedTuple):
    is_well: bool
    sentence: str


def to_paste() -> dict[str, str]:
    """What Authentik must know of us, by the names it has for them."""
    return {
        "Redirect URI (strict, authorization)": redirect_uri(),
        "Redirect URI (strict, logout)": f"{settings.PUBLIC_URL}/",
        "Logout URI (method back-channel)": settings.PUBLIC_URL + reverse("oidc:backchannel-logout"),
    }


def examine() -> Iterator[Finding]:
    """Every finding; nothing is raised, and no secret is in any of them."""
    if not provider.is_configured():
        yield Finding(False, "AUTHENTIK_ISSUER is not set, so nobody signs in with Authentik.")
        return
    wrong = [message.msg for message in checks.authentik()]
    yield from (Finding(False, sentence) for sentence in wrong)
    if wrong:
        return
    yield Finding(True, "The configuration is complete; the secret is set.")
    try:
        yield from _learnt()
    except SignInRefused as refused:
        yield Finding(False, refused.detail)


def _learnt() -> Iterator[Finding]:
    document, date = ask(settings.AUTHENTIK_ISSUER + provider.DISCOVERY)
    yield Finding(True, "Discovery answers.")
    endpoints = provider.discovered()
    yield Finding(True, f"The provider calls itself {settings.AUTHENTIK_ISSUER}, as it should.")
    yield from _clock(date)
    yield from _transport(endpoints)
    supported = document.get("id_token_signing_alg_values_supported", [])
    is_supported = settings.AUTHENTIK_ALGORITHM in supported
    hint = "" if is_supported else " Choose a signing key for the provider in Authentik."
    yield Finding(
        is_supported, f"It signs by {', '.join(map(str, supported))}; {settings.AUTHENTIK_ALGORITHM} is wanted.{hint}"
    )
    usable = jwks.usable()
    yield Finding(usable > 0, f"It publishes {usable} key(s) that fit {settings.AUTHENTIK_ALGORITHM}.")
    has_logout = bool(endpoints.end_session)
    yield Finding(has_logout, "It has an end-session endpoint." if has_logout else "It has no end-session endpoint.")


def _clock(date: str) -> Iterator[Finding]:
    try:
        apart = abs(parsedate_to_datetime(date).timestamp() - timezone.now().timestamp())
    except ValueError:
        yield Finding(True, "It does not say what time it is; the clocks could not be compared.")
        return
    yield Finding(apart < LEEWAY, f"The clocks are {apart:.0f} s apart; {LEEWAY} s are allowed.")


def _transport(endpoints: provider.Endpoints) -> Iterator[Finding]:
    for name, url in endpoints._asdict().items():
        if urlsplit(url).scheme == "http" and urlsplit(url).hostname not in checks.LOOPBACK:
            yield Finding(False, f"The {name} endpoint is reached by http, not https.")
