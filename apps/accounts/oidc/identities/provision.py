"""What becomes of the claims about somebody: their identity, their account, their rights.

Somebody is known by issuer and subject alone. An e-mail address proves nothing: Authentik sends
anybody's as they typed it.
"""

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts import signals
from apps.accounts.models import Identity, User
from apps.accounts.oidc.errors import SignInRefused
from apps.accounts.oidc.identities import groups as provider_groups
from apps.accounts.oidc.identities import usernames
from apps.accounts.users import site_roles, username_lock
from apps.errors import Refused

log = logging.getLogger(__name__)
NOTED_EVERY = timedelta(minutes=1)  # so that a program that asks all the time writes little


@transaction.atomic
def provision(claims: dict[str, Any], *, may_create: bool | None = None, may_promote: bool = True) -> User:
    """The account of whoever `claims` (verified) are about, brought up to date; made when there is none.

    `may_create` None asks AUTHENTIK_CREATE_PEOPLE; without `may_promote` nobody becomes administrator,
    though somebody may be no longer one. Raises SignInRefused: groups_missing_claim,
    group_required, account_closed, or not_known.
    """
    groups = provider_groups.groups_of(claims)
    provider_groups.require(groups)
    identity = _identity_of(claims, settings.AUTHENTIK_CREATE_PEOPLE if may_create is None else may_create)
    user = identity.user
    _require_person(user)
    if not user.is_active:
        raise SignInRefused("account_closed", "The account is closed in Team Board.")
    _take_over(identity, claims)
    if groups is not None:
        _set_administration(user, groups, may_promote)
        signals.groups_known.send(User, user=user, groups=groups)
    return user


def link(user: User, claims: dict[str, Any]) -> Identity:
    """Have `user` sign in as whoever `claims` (verified) are about from now on. Raises SignInRefused when taken."""
    _require_person(user)
    who = {"issuer": settings.AUTHENTIK_ISSUER, "sub": claims["sub"]}
    identity, _is_new = Identity.objects.get_or_create(**who, defaults={"user": user})
    if identity.user_id != user.pk:
        raise SignInRefused("already_linked", "This identity has an account of its own.")
    return identity


def _identity_of(claims: dict[str, Any], may_create: bool) -> Identity:
    known = Identity.objects.select_related("user").filter(issuer=settings.AUTHENTIK_ISSUER, sub=claims["sub"])
    if identity := known.first():
        return identity
    if not may_create:
        raise SignInRefused("not_known", "There is no account for this identity, and none is made.")
    username_lock.queue_up()  # the same person may come twenty times at once
    return known.first() or _newcomer(claims)


def _newcomer(claims: dict[str, Any]) -> Identity:
    user = User(username=usernames.free_username(claims.get("preferred_username")), kind=User.Kind.PERSON)
    user.set_unusable_password()
    user.save(force_insert=True)
    return Identity.objects.create(issuer=settings.AUTHENTIK_ISSUER, sub=claims["sub"], user=user)


def _require_person(user: User) -> None:
    """Programs of Authentik's get a service account here with tokens of its own, and never a session."""
    if not user.is_person:
        raise SignInRefused("not_known", "The account is a program's, which nobody signs in as.")


def _take_over(identity: Identity, claims: dict[str, Any]) -> None:
    """Name and e-mail as the provider has them today."""
    user = identity.user
    told = (usernames.printable(claims.get("email"), 254), claims.get("email_verified") is True)
    now = timezone.now()
    is_noted = identity.used_at is not None and now - identity.used_at < NOTED_EVERY
    if told != (identity.email, identity.is_email_verified) or not is_noted:
        identity.email, identity.is_email_verified = told
        identity.used_at = now
        identity.save(update_fields=["email", "is_email_verified", "used_at"])
    name = usernames.printable(claims.get("name"), 100) or user.name or user.username[:100]
    if (user.name, user.email) != (name, identity.email):
        is_renamed = user.name != name
        user.name, user.email = name, identity.email
        user.save(update_fields=["name", "email"])
        if is_renamed:
            signals.person_changed.send(User, user=user)


def _set_administration(user: User, groups: frozenset[str], may_promote: bool) -> None:
    """The administrators' group decides for people who come from the provider only.

    Somebody who also has a password here is ruled here: no group can lock the last door.
    """
    if not settings.AUTHENTIK_ADMINS_GROUP or user.has_usable_password():
        return
    is_wanted = settings.AUTHENTIK_ADMINS_GROUP in groups
    if is_wanted == (user.is_superuser and user.is_staff) or (is_wanted and not may_promote):
        return
    try:
        changed = (site_roles.make_admin if is_wanted else site_roles.unmake_admin)(user, by=None)
    except Refused as refused:
        log.warning("An administrator stays as they are", extra={"user": user.pk, "code": refused.code})
    else:
        user.is_staff, user.is_superuser = changed.is_staff, changed.is_superuser
