"""Each sign-in by the provider, as administrators find out later why it came to nothing."""

import hashlib
import logging
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from apps.accounts import audit, rate_limits
from apps.accounts.models import SignInAttempt, User
from apps.accounts.oidc.identities.usernames import printable
from apps.accounts.sessions.engine import Visitor

log = logging.getLogger(__name__)
OK = "ok"
LINKED = "linked"
# Claims that say nothing private; of the others only the name is kept.
SHOWN = ("iss", "aud", "azp", "exp", "iat", "auth_time", "acr", "amr", "email_verified")
MOST_GROUPS = 50
KEPT_PER_MINUTE = 60  # from one address; further ones are only logged


def record(
    request: HttpRequest,
    outcome: str,
    *,
    detail: str = "",
    user: User | None = None,
    claims: dict[str, Any] | None = None,
) -> None:
    """Keep `outcome` (OK, LINKED or a refusal's code) with what may be shown of `claims`, and log it."""
    claims, address = claims or {}, Visitor.of(request).address
    digest = hashlib.sha256(f"{claims['iss']} {claims['sub']}".encode()).hexdigest()[:16] if "sub" in claims else ""
    if rate_limits.passes(f"attempts:{address}", KEPT_PER_MINUTE):  # anybody may call the callback
        SignInAttempt.objects.create(
            outcome=outcome,
            detail=printable(detail, 500),
            user=user,
            sub_digest=digest,
            address=address,
            claims=redacted(claims),
        )
    if outcome == LINKED:
        audit.record("identity.linked", by=user, request=request, subject=digest)
    elif outcome != OK:
        audit.refused("sign_in.refused", by=user, request=request, code=outcome, subject=digest)
    level = logging.INFO if outcome in (OK, LINKED) else logging.WARNING
    log.log(level, "A sign-in with Authentik", extra={"outcome": outcome, "detail": detail, "sub": digest})


def redacted(claims: dict[str, Any]) -> dict[str, Any]:
    """Which claims there were, with the values of those that are about nobody, and the groups."""
    shown: dict[str, str | list[str]] = {
        name: (printable(str(value), 200) if name in SHOWN else "…") for name, value in claims.items()
    }
    groups = claims.get(settings.AUTHENTIK_GROUPS_CLAIM)
    if isinstance(groups, list):
        shown[settings.AUTHENTIK_GROUPS_CLAIM] = [printable(name, 100) for name in groups[:MOST_GROUPS]]
    return {printable(name, 100): value for name, value in shown.items()}
