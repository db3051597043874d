"""Personal tokens: made once, shown once, kept as a digest."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import ApiToken, User

LONGEST_LIFE = timedelta(days=365)
MOST_PER_PERSON = 50
NOTED_EVERY = timedelta(minutes=1)


def issue(user: User, *, name: str, scope: str, expires_at: datetime) -> tuple[ApiToken, str]:
    """A new token and its text `tb_<prefix>_<43 characters>`, which nobody can read again later."""
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    text = f"tb_{prefix}_{secret}"
    token = ApiToken.objects.create(
        user=user, name=name, prefix=prefix, digest=_digest(text), scope=scope, expires_at=expires_at
    )
    return token, text


def find(text: str) -> ApiToken | None:
    """The live token with this text, if it and its person's account are still good."""
    live = ApiToken.objects.filter(
        revoked_at=None,
        expires_at__gt=timezone.now(),
        user__is_active=True,
        user__kind=User.Kind.PERSON,
    )
    return live.select_related("user").filter(digest=_digest(text)).first()


def note_use(token: ApiToken) -> None:
    """Remember that it was used; written at most once in NOTED_EVERY, so reading stays reading."""
    now = timezone.now()
    if token.used_at and now - token.used_at < NOTED_EVERY:
        return
    stale = Q(used_at=None) | Q(used_at__lte=now - NOTED_EVERY)
    ApiToken.objects.filter(stale, pk=token.pk).update(used_at=now)


def revoke(token: ApiToken) -> None:
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def _digest(text: str) -> str:
    """Plain SHA-256: 256 random bits need no slow hash."""
    return hashlib.sha256(text.encode()).hexdigest()
