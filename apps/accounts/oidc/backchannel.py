"""The provider says that somebody has signed out there (OpenID Connect Back-Channel Logout 1.0)."""

import hashlib
import logging
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.accounts.models import UsedLogoutToken
from apps.accounts.oidc import id_tokens
from apps.accounts.oidc.errors import SignInRefused
from apps.accounts.sessions import revoke
from apps.constraints import violates

log = logging.getLogger(__name__)
EVENT = "http://schemas.openid.net/event/backchannel-logout"
FRESH = 300  # seconds


@csrf_exempt
@login_not_required
@never_cache
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """200 also when nobody was signed in here; 400 with an `error` (RFC 6749, 5.2) for what is no logout token."""
    try:
        claims = logout_claims(request.POST.get("logout_token"))
        with transaction.atomic():
            use_once(claims)
            meant = {name: claims.get(name, "") for name in ("sub", "sid")}
            ended = revoke.end_provider_sessions(settings.AUTHENTIK_ISSUER, **meant)
    except SignInRefused as refused:
        log.warning("A back-channel logout is refused", extra={"code": refused.code, "detail": refused.detail})
        return JsonResponse({"error": "invalid_request", "error_description": refused.detail}, status=400)
    log.info("The provider ended sessions", extra={"ended": ended})
    return HttpResponse(status=200)


def logout_claims(token: object) -> dict[str, Any]:
    """The claims of a logout token that is for us, fresh and whole (section 2.6). Raises SignInRefused."""
    claims = id_tokens.signed_claims(token, types={"logout+jwt"}, required=["iat", "jti", "events"], by_stranger=True)
    if abs(timezone.now().timestamp() - claims["iat"]) > FRESH:
        raise SignInRefused("clock", "The logout token is not fresh.")
    if not isinstance(claims["events"], dict) or not isinstance(claims["events"].get(EVENT), dict):
        raise SignInRefused("token_invalid", "The token tells of no logout.")
    if "nonce" in claims:
        raise SignInRefused("token_invalid", "A logout token has no nonce.")
    told = [claims[name] for name in ("sub", "sid") if name in claims]
    if not told or not all(isinstance(value, str) and value for value in told):
        raise SignInRefused("token_invalid", "The token names neither a subject nor a session.")
    return claims


def use_once(claims: dict[str, Any]) -> None:
    """Raise SignInRefused when this token has been here before."""
    digest = hashlib.sha256(str(claims["jti"]).encode()).hexdigest()
    try:
        with transaction.atomic():
            UsedLogoutToken.objects.create(digest=digest)
    except IntegrityError as error:
        if not violates(error, "accounts_usedlogouttoken_digest_key"):
            raise
        raise SignInRefused("token_invalid", "The token has been used already.") from error
