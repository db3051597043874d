"""What must be right about the settings before anybody can sign in."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error

from apps.accounts.oidc.jwks import KEY_TYPES
from apps.accounts.oidc.provider import ENDPOINTS

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def can_sign_in(**_: object) -> list[CheckMessage]:
    if settings.LOCAL_SIGN_IN or settings.AUTHENTIK_ISSUER:
        return []
    return [
        Error(
            "LOCAL_SIGN_IN is off and Authentik is not configured: only superusers could sign in.",
            hint="Set up Authentik (AUTHENTIK_ISSUER and what belongs to it), or leave LOCAL_SIGN_IN on.",
            id="accounts.E001",
        )
    ]


def authentik(**_: object) -> list[CheckMessage]:
    """Each message names the variable; none shows the secret."""
    names = ("AUTHENTIK_ISSUER", "AUTHENTIK_CLIENT_ID", "AUTHENTIK_CLIENT_SECRET")
    missing = [name for name in names if not getattr(settings, name)]
    if len(missing) == len(names):
        return []
    wrong = [f"{name} is missing: Authentik is configured by half." for name in missing]
    if settings.AUTHENTIK_ISSUER:
        wrong += _wrong_with_issuer(settings.AUTHENTIK_ISSUER)
    if settings.AUTHENTIK_ALGORITHM not in KEY_TYPES:
        wrong.append(f"AUTHENTIK_ALGORITHM must be one of {', '.join(KEY_TYPES)}.")
    if unknown := set(settings.AUTHENTIK_ENDPOINTS) - set(ENDPOINTS):
        known = ", ".join(ENDPOINTS)
        wrong.append(f"AUTHENTIK_ENDPOINTS knows no {', '.join(sorted(unknown))}; there are {known}.")
    return [Error(sentence, id="accounts.E002") for sentence in wrong]


def _wrong_with_issuer(issuer: str) -> list[str]:
    address = urlsplit(issuer)
    is_loopback = address.hostname in LOOPBACK
    if address.scheme not in ("http", "https") or not address.hostname:
        return ["AUTHENTIK_ISSUER is no web address."]
    if not issuer.endswith("/"):
        return ["AUTHENTIK_ISSUER must end with a slash, as Authentik's does."]
    if address.scheme == "http" and not (settings.DEBUG or is_loopback):
        return ["AUTHENTIK_ISSUER must begin with https://."]
    return []
