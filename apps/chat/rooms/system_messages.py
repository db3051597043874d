"""What the board itself says in a room. Kept as code and facts, so each reader gets it in their own language."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

Sentence = Callable[[dict], str]
_sentences: dict[str, Sentence] = {}


def says(code: str, sentence: Sentence) -> None:
    """Have notes with `code` read as `sentence(facts)`. Call this in `AppConfig.ready()`."""
    _sentences[code] = sentence


def sentence_of(note: dict) -> str:
    """Facts may hold words of people and agents, so templates escape it as ever."""
    return _sentences[note["code"]](note["facts"]) if note["code"] in _sentences else ""


def of_retention(facts: dict) -> str:
    """`days` is 0 when messages are kept for ever."""
    days = facts["days"]
    told = (
        ngettext(
            "{name} has decided that messages older than {days} day are deleted.",
            "{name} has decided that messages older than {days} days are deleted.",
            days,
        )
        if days
        else _("{name} has decided that messages are kept for ever.")
    )
    return told.format(**facts)
