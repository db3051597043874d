"""Tokens of people and service accounts: made once, shown once, kept as a digest."""

import hashlib
import secrets
import string
import zlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts import audit
from apps.accounts.models import ApiToken, User
from apps.sql.compiled import compiled

LONGEST_LIFE = timedelta(days=365)
MOST_PER_PERSON = 50
NOTED_EVERY = timedelta(minutes=1)
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
SECRET_LENGTH = 43  # of 62 characters: 256 bits


@transaction.atomic
def issue(
    user: User,
    *,
    name: str,
    scope: str,
    expires_at: datetime,
    only_projects: Iterable[int] | None = None,
    by: User | None,
) -> tuple[ApiToken, str]:
    """A new token, for all of the user's projects or some, and its text, which nobody can read again later.

    The text is `tb_<prefix>_<43 characters><6 of checksum>`, so that a scanner for secrets knows one without asking.
    """
    prefix, secret = secrets.token_hex(4), "".join(secrets.choice(BASE62) for _ in range(SECRET_LENGTH))
    text = f"tb_{prefix}_{secret}"
    text += checksum(text)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=prefix,
        digest=_digest(text),
        scope=scope,
        expires_at=expires_at,
        only_projects=None if only_projects is None else sorted(only_projects),
    )
    reach: dict[str, Any] = {"scope": scope, "only_projects": token.only_projects, "expires_at": expires_at}
    whose: dict[str, Any] = {} if by == user else {"of": user}
    audit.record("token.issued", by=by, token_id=prefix, name=name, **reach, **whose)
    return token, text


def checksum(text: str) -> str:
    """CRC32 in six characters of base 62, as GitHub's tokens end."""
    rest, digits = zlib.crc32(text.encode()), ""
    while rest:
        rest, digit = divmod(rest, 62)
        digits = BASE62[digit] + digits
    return digits.rjust(6, "0")


def find(text: str) -> ApiToken | None:
    """The live token with this text, if it and its user's account are still good."""
    return _live_by_digest.first(digest=_digest(text), now=timezone.now())


@compiled
def _live_by_digest(digest: str, now: datetime) -> QuerySet[ApiToken]:
    live = ApiToken.objects.filter(revoked_at=None, expires_at__gt=now, user__is_active=True, digest=digest)
    return live.exclude(user__kind=User.Kind.AGENT).select_related("user")


def note_use(token: ApiToken) -> None:
    """Remember that it was used; written at most once in NOTED_EVERY, so reading stays reading."""
    now = timezone.now()
    if token.used_at and now - token.used_at < NOTED_EVERY:
        return
    stale = Q(used_at=None) | Q(used_at__lte=now - NOTED_EVERY)
    ApiToken.objects.filter(stale, pk=token.pk).update(used_at=now)


@transaction.atomic
def revoke(token: ApiToken, *, by: User | None) -> None:
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit.record("token.revoked", by=by, token_id=token.prefix, name=token.name, of=token.user)


def revoke_all(user: User, *, by: User | None) -> None:
    for token in user.tokens.filter(revoked_at=None):
        revoke(token, by=by)


def _digest(text: str) -> str:
    """Plain SHA-256: 256 random bits need no slow hash."""
    return hashlib.sha256(text.encode()).hexdigest()
