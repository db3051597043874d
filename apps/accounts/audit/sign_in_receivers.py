"""What Django's own doors say about signing in and out, put into the audit."""

from typing import Any

from django.http import HttpRequest

from apps.accounts import audit
from apps.accounts.models import User


def on_signed_in(sender: object, request: HttpRequest, user: User, **_more: object) -> None:
    audit.record("session.begun", by=user, request=request)


def on_signed_out(sender: object, request: HttpRequest, user: User | None, **_more: object) -> None:
    if user is not None:
        audit.record("session.left", by=user, request=request)


def on_sign_in_failed(
    sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **_more: object
) -> None:
    """Names an account only if there is one: what was typed may be a password in the wrong field."""
    if request is None:
        return
    known = User.objects.filter(username=credentials.get("username", "")).first()
    audit.refused("sign_in.refused", by=None, request=request, code="password", account=known and known.username)
