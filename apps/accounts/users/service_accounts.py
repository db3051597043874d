"""The accounts of programs: CI, bots, imports. They come with tokens alone, and nobody signs in as one.

In a project they are members like people, by the same verbs (`projects.joining`), but own none.
Closing one is `site_roles.close`, which revokes its tokens.
"""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.models import ApiToken, User
from apps.accounts.tokens import tokens
from apps.accounts.users import username_lock
from apps.errors import NotAllowed, Refused
from apps.names import isolate


class NotAServiceAccount(Refused):
    code = "not_a_service_account"


@transaction.atomic
def create(*, username: str, name: str, by: User | None) -> User:
    """An account without a password, in no project yet. `by` is None on the command line.

    Raises UsernameTaken, and NotAllowed unless `by` is an administrator.
    """
    _require_admin(by)
    username = username_lock.claim(username)
    account = User.objects.create_service_account(username=username, name=name)
    audit.record("service_account.created", by=by, of=account, username=username)
    return account


@transaction.atomic
def issue_token(account: User, *, by: User | None, **chosen: Any) -> tuple[ApiToken, str]:
    """A token as `tokens.issue` makes it, and its text, which nobody can read again later.

    Raises NotAServiceAccount when it is somebody else's account or closed, and NotAllowed. The
    account is locked, so that none is made beside its closing.
    """
    _require_admin(by)
    if not User.objects.service_accounts().select_for_update().filter(pk=account.pk, is_active=True).exists():
        raise NotAServiceAccount(_("{name} is no open service account.").format(name=isolate(account)))
    return tokens.issue(account, **chosen, by=by)


def _require_admin(by: User | None) -> None:
    if by is not None and not (by.is_active and by.is_superuser):
        raise NotAllowed(_("Only administrators can do that."))
