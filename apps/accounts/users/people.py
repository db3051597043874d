"""The accounts of people who sign in with a password here, and passwords that were forgotten.

With Authentik people's accounts come from there (`oidc.identities.provision`).
"""

import secrets

from axes.models import AccessAttempt
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.models import User
from apps.accounts.users import site_roles, username_lock
from apps.errors import NotAllowed, Refused


class NotAPerson(Refused):
    code = "not_a_person"


class AccountClosed(Refused):
    code = "account_closed"


@transaction.atomic
def create(*, username: str, name: str, by: User | None) -> User:
    """A person's account without a password, in no project yet. `by` is None on the command line.

    Raises UsernameTaken, and NotAllowed unless `by` is an administrator.
    """
    if by is not None and not (by.is_active and by.is_superuser):
        raise NotAllowed(_("Only administrators can do that."))
    person = User(username=username, name=name)
    person.set_unusable_password()
    return _add(person, by=by)


@transaction.atomic
def register(*, username: str, name: str, password: str) -> User:
    """The account of somebody who was invited and chose their password. Raises UsernameTaken."""
    person = User(username=username, name=name)
    person.set_password(password)  # slow, and so before anybody has to wait
    return _add(person, by=None)


def _add(person: User, *, by: User | None) -> User:
    person.username = username_lock.claim(person.username)
    person.save(force_insert=True)
    audit.record("account.created", by=by, of=person, username=person.username)
    return person


@transaction.atomic
def reset_password(person: User, *, by: User | None) -> str:
    """A new random password, to be shown once; the person's sessions end. `by` is None on the command line.

    Raises NotAPerson, AccountClosed, NotOneself (one changes one's own on the profile), and NotAllowed
    unless `by` is an administrator.
    """
    person = site_roles.locked(person, by)
    if by is not None and person.pk == by.pk:
        raise site_roles.NotOneself(_("You change your own password in your profile."))
    if not person.is_person:
        raise NotAPerson(_("{name} is not a person’s account.").format(name=person))
    if not person.is_active:
        raise AccountClosed(_("The account of {name} is closed. Open it first.").format(name=person))
    password = set_random_password(person)
    person.save(update_fields=["password"])  # which ends their sessions, by the database
    audit.record("password.reset", by=by, of=person, username=person.username)
    return password


def set_random_password(person: User) -> str:
    """Give `person`, who is not saved here, a password of 80 bits; wrong ones that were tried are forgotten."""
    password = "-".join(secrets.token_hex(2) for _group in range(5))
    person.set_password(password)
    AccessAttempt.objects.filter(username=person.username).delete()
    return password
