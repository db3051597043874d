"""Who administers the site, and whose account is open. There is always an administrator left."""

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts import audit, signals
from apps.accounts.models import User
from apps.accounts.tokens import tokens
from apps.errors import NotAllowed, Refused
from apps.names import isolate


class LastAdmin(Refused):
    code = "last_admin"


class NotOneself(Refused):
    code = "not_oneself"


class NotForPrograms(Refused):
    code = "not_for_programs"


@transaction.atomic
def make_admin(user: User, *, by: User | None) -> User:
    """Make a person an administrator; `by` is None when their groups do. Raises NotForPrograms, NotAllowed."""
    user = locked(user, by)
    if user.kind != User.Kind.PERSON:
        raise NotForPrograms(_("Only people can be administrators."))
    return _set(user, "admin.made", by, is_staff=True, is_superuser=True)


@transaction.atomic
def unmake_admin(user: User, *, by: User | None) -> User:
    """Take the administration from somebody else. Raises LastAdmin, NotOneself, NotAllowed."""
    user = locked(user, by)
    _keep_oneself(user, by)
    _keep_an_admin(user)
    return _set(user, "admin.unmade", by, is_staff=False, is_superuser=False)


@transaction.atomic
def close(user: User, *, by: User | None) -> User:
    """Close somebody else's account: every door is shut to them, and what they did stays.

    A person's tokens sleep until it is opened again; a service account's are revoked.

    Raises LastAdmin, NotOneself, NotForPrograms (an agent is switched off instead), NotAllowed, and what
    receivers of `account_closing` refuse.
    """
    user = locked(user, by)
    _keep_oneself(user, by)
    _keep_an_admin(user)
    if user.is_agent:
        raise NotForPrograms(_("An agent is switched off among the agents."))
    signals.account_closing.send(User, user=user, by=by)
    if user.is_service:
        tokens.revoke_all(user, by=by)
    return _set(user, "account.closed", by, is_active=False)


@transaction.atomic
def reopen(user: User, *, by: User | None) -> User:
    """Open an account again, with the rights it had. Raises NotAllowed."""
    return _set(locked(user, by), "account.reopened", by, is_active=True)


def locked(user: User, by: User | None) -> User:
    """`user` as they are now, while nobody else changes an administrator. NotAllowed unless `by` is one.

    All are locked, always in one order: two who demote each other come one after the other.
    """
    concerned = User.objects.filter(Q(is_superuser=True) | Q(pk=user.pk)).order_by("pk")
    found = {each.pk: each for each in concerned.select_for_update(no_key=True)}
    if by is not None and not _is_admin(found.get(by.pk)):
        raise NotAllowed(_("You are not an administrator any more."))
    return found[user.pk]


def _is_admin(user: User | None) -> bool:
    return user is not None and user.is_active and user.is_superuser


def _keep_oneself(user: User, by: User | None) -> None:
    if by is not None and user.pk == by.pk:
        raise NotOneself(_("You can't do this to yourself. Another administrator can."))


def _keep_an_admin(user: User) -> None:
    """Somebody must be able to get in without the provider, if anybody can now."""
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    rest = [each for each in others if each.has_usable_password() or not user.has_usable_password()]
    if _is_admin(user) and not rest:
        sentence = _("{name} is the last administrator who can sign in. First make another one, with a password.")
        raise LastAdmin(sentence.format(name=isolate(user)))


def _set(user: User, action: str, by: User | None, **rights: bool) -> User:
    for name, value in rights.items():
        setattr(user, name, value)
    user.save(update_fields=list(rights))
    audit.record(action, by=by, of=user, username=user.username)
    return user
