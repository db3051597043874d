"""Whose account an identity opens, as an administrator decides it on the command line."""

import logging
from collections.abc import Iterator
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from apps.accounts import audit
from apps.accounts.models import Identity, User

log = logging.getLogger(__name__)


class Candidate(NamedTuple):
    """A local account and an identity with the same e-mail address, which proves nothing by itself."""

    user: User
    identity: Identity


def candidates() -> Iterator[Candidate]:
    """People without an identity whose address somebody of the provider has as well."""
    for user in User.objects.filter(kind=User.Kind.PERSON, identities=None).exclude(email="").order_by("username"):
        for identity in Identity.objects.filter(email__iexact=user.email).select_related("user"):
            yield Candidate(user, identity)


@transaction.atomic
def link(user: User, sub: str) -> Identity:
    """Have the subject `sub` of our provider open the account of `user` from now on, whoever's it was."""
    identity, _is_new = Identity.objects.update_or_create(
        issuer=settings.AUTHENTIK_ISSUER, sub=sub, defaults={"user": user}
    )
    audit.record("identity.linked", by=None, of=user, identity=identity.pk)
    log.info("An identity was linked", extra={"user": user.pk, "identity": identity.pk})
    return identity


@transaction.atomic
def relink(old: str, new: str, subs: dict[str, str] | None = None) -> int:
    """Give the identities of the issuer `old` to the issuer `new`; how many.

    With `subs` (old subject to new) only those in it, for a provider that now names its people otherwise.
    Raises IntegrityError when a new one is there already; then nothing is changed.
    """
    moved = 0
    for identity in Identity.objects.select_for_update().filter(issuer=old):
        if subs is None or identity.sub in subs:
            identity.issuer, identity.sub = new, (subs or {}).get(identity.sub, identity.sub)
            identity.save(update_fields=["issuer", "sub"])
            moved += 1
    audit.record("identities.moved", by=None, old=old, new=new, moved=moved)
    log.info("Identities were given to another issuer", extra={"old": old, "new": new, "moved": moved})
    return moved
