"""Whose a username is: one at a time, whatever the case or the width, so that another's account is never meant."""

from django.db import connection
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.errors import Refused

NEW_ACCOUNTS = 7_302_811  # the advisory lock that those who make accounts queue up at


class UsernameTaken(Refused):
    code = "username_taken"


def queue_up() -> None:
    """Until the transaction ends nobody else makes an account: the constraint knows only equal spellings."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NEW_ACCOUNTS])


def claim(username: str) -> str:
    """Queue up; `username` as it is to be kept, for that is how signing in looks it up. Raises UsernameTaken."""
    queue_up()
    if User.objects.is_taken(username):
        raise UsernameTaken(_("That username is already taken."))
    return User.normalize_username(username)
