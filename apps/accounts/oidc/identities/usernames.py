"""Names as the provider gives them, made fit for an account here."""

import re
import unicodedata

from apps import names
from apps.accounts.models import User

LONGEST_USERNAME = 150


def printable(told: object, length: int) -> str:
    """`told` as a name, without what cannot be seen (controls, direction marks), at most `length` characters."""
    return names.tidy(unicodedata.normalize("NFKC", told))[:length].strip() if isinstance(told, str) else ""


def free_username(told: object) -> str:
    """A username like `told` that nobody has, whatever the case: another's account is never meant."""
    plain = re.sub(r"[^\w.@+-]+", "-", printable(told, LONGEST_USERNAME)).strip("-")
    wanted = User.normalize_username(plain) or "person"
    username, number = wanted, 1
    while User.objects.is_taken(username):
        number += 1
        username = f"{wanted[: LONGEST_USERNAME - len(str(number)) - 1]}-{number}"
    return username
