"""Names an agent may not have: those of people here, those that look like them, and the board's own."""

import unicodedata
from itertools import chain

from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.errors import Refused

RESERVED = ("Team Board", "System", "Admin", "Administrator", "Support", "Everyone", "All", "Here")
LOOK_LIKE_LETTERS = "01|"


class NameTaken(Refused):
    code = "name_taken"
    api_status = 400


def refuse_impersonation(name: str, *, of: User | None = None) -> None:
    """Raise NameTaken for a name that readers would take for another user's than `of`, or for ours."""
    wanted = lookalikes(name)
    if not all(wanted) or wanted & lookalikes(*RESERVED):
        raise NameTaken(_("This name would mislead people. Choose another one."))
    others = User.objects.exclude(pk=of.pk if of else 0).values_list("name", "username")
    if wanted & lookalikes(*chain.from_iterable(others)):
        raise NameTaken(_("This name, or one that looks the same, is already taken here. Choose another one."))


def lookalikes(*names: str) -> set[str]:
    """What `names` look like: one in common, and the two are confusable (after UTS 39, section 4)."""
    seen = map(_letters_of, names)
    return {_as_latin(_as_latin(form).casefold()) for name in seen for form in (name, name.replace("I", "l"))}


def _letters_of(name: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKC", name) if letter.isalnum() or letter == "|")


def _as_latin(text: str) -> str:
    return "".join(map(_latin_lookalike, text))


def _latin_lookalike(letter: str) -> str:
    """The Latin letter or letters that `letter` can be taken for, else itself."""
    from confusable_homoglyphs.confusables import confusables_data  # 12 MiB, for the rare naming of an agent

    if letter.isascii() and letter not in LOOK_LIKE_LETTERS:
        return letter
    twins = (twin["c"] for twin in confusables_data.get(letter, ()))
    return next((twin for twin in twins if twin.isascii()), letter)
