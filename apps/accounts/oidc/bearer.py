"""The provider's access tokens as keys to the API, where AUTHENTIK_API lets them be."""

import logging
from typing import Any

from django.conf import settings

from apps.accounts.models import User
from apps.accounts.oidc import id_tokens, provider
from apps.accounts.oidc.errors import SignInRefused
from apps.accounts.oidc.identities import provision

log = logging.getLogger(__name__)


def is_one(text: str) -> bool:
    """Whether `text` is to be tried as an access token: ours are no JSON Web Tokens."""
    return settings.AUTHENTIK_API and provider.is_configured() and text.count(".") == 2


def person_of(token: str) -> User | None:
    """Whose access token it is; None for any that opens nothing here.

    Verified by keys that are known: no call per request. Nobody gets an account by it, nor becomes
    administrator; what the groups no longer give, it takes. It can't be revoked before it expires.
    """
    try:
        return provision.provision(claims_of(token), may_create=False, may_promote=False)
    except SignInRefused as refused:
        log.info("An access token is refused", extra={"code": refused.code, "detail": refused.detail})
        return None


def claims_of(token: str) -> dict[str, Any]:
    """The claims of an access token for us, issued to one of AUTHENTIK_API_CLIENTS. Raises SignInRefused."""
    ours = [settings.AUTHENTIK_CLIENT_ID]
    claims = id_tokens.signed_claims(
        token,
        types={"JWT", "at+jwt"},
        required=["exp", "iat", "sub", "azp"],
        by_stranger=True,
        audience=settings.AUTHENTIK_API_AUDIENCE or ours,
    )
    if "at_hash" in claims or "events" in claims:
        raise SignInRefused("token_invalid", "This is an ID token or a logout token, no access token.")
    if claims["azp"] not in (settings.AUTHENTIK_API_CLIENTS or ours):
        raise SignInRefused("token_invalid", "The token was issued to another application (azp).")
    return claims
