"""What a token must say before it is believed (OpenID Connect Core, 3.1.3.7)."""

from typing import Any

import jwt
from django.conf import settings
from django.utils.crypto import constant_time_compare

from apps.accounts.oidc import jwks
from apps.accounts.oidc.errors import SignInRefused

LONGEST_NAME = 255  # characters of a subject (OpenID Connect Core, section 2)
LEEWAY = 60  # seconds that the provider's clock may differ from ours


def verify(token: object, *, nonce: str) -> dict[str, Any]:
    """The claims of the ID token that ends a sign-in begun with `nonce`. Raises SignInRefused."""
    claims = signed_claims(token, types={"JWT"}, required=["exp", "iat", "sub", "nonce"], by_stranger=False)
    if not constant_time_compare(str(claims["nonce"]), nonce):
        raise SignInRefused("token_invalid", "The ID token belongs to another sign-in (nonce).")
    _check_azp(claims)
    return claims


def signed_claims(
    token: object, *, types: set[str], required: list[str], by_stranger: bool, audience: list[str] | None = None
) -> dict[str, Any]:
    """The claims of a token that our provider signed for us (or for `audience`), and that is valid now.

    `types` are those its header may name. Raises SignInRefused: algorithm, clock or token_invalid.
    """
    text, header = _read(token)
    if header.get("typ", "JWT") not in types:
        raise SignInRefused("token_invalid", "The token is of another type.")
    if header.get("alg") != settings.AUTHENTIK_ALGORITHM:
        told = str(header.get("alg"))[:20]
        raise SignInRefused("algorithm", f"The token is signed by {told}, not {settings.AUTHENTIK_ALGORITHM}.")
    try:
        claims = jwt.decode(
            text,
            jwks.find(header, by_stranger=by_stranger),
            algorithms=[settings.AUTHENTIK_ALGORITHM],
            audience=audience or [settings.AUTHENTIK_CLIENT_ID],
            issuer=settings.AUTHENTIK_ISSUER,
            leeway=LEEWAY,
            options={"require": ["iss", "aud", *required]},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise SignInRefused("clock", f"The token is not valid now: {error}.") from error
    except jwt.PyJWTError as error:
        raise SignInRefused("token_invalid", f"The token is not one for us: {error}.") from error
    for name in ("sub", "sid"):
        if not _is_name(claims.get(name, "")):
            raise SignInRefused("token_invalid", f"The token's {name} is no name that can be kept.")
    return claims


def _is_name(told: object) -> bool:
    return isinstance(told, str) and len(told) <= LONGEST_NAME and told.isprintable()


def _read(token: object) -> tuple[str, dict[str, Any]]:
    """The token as text, and its header, which nobody has vouched for yet."""
    if not isinstance(token, str) or not token:
        raise SignInRefused("token_invalid", "There is no token.")
    try:
        return token, jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise SignInRefused("token_invalid", "The token is no JSON Web Token.") from error


def _check_azp(claims: dict[str, Any]) -> None:
    """Who it was issued to: us, and said so when it is for others too."""
    is_for_several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if is_for_several else settings.AUTHENTIK_CLIENT_ID) != settings.AUTHENTIK_CLIENT_ID:
        raise SignInRefused("token_invalid", "The token was issued to another application (azp).")
