"""What the board itself writes in a room. Kept as code and facts, so each reader gets it in their own language."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

Sentence = Callable[[dict[str, Any]], str]
_sentences: dict[str, Sentence] = {}


def register_system_message(code: str, sentence: Sentence) -> None:
    """Have system messages with `code` read as `sentence(facts)`. Call this in `AppConfig.ready()`."""
    _sentences[code] = sentence


def sentence_of(system_message: dict[str, Any]) -> str:
    """Facts may hold words of people and agents, so templates escape it as ever."""
    sentence = _sentences.get(system_message["code"])
    return sentence(system_message["facts"]) if sentence else ""


def retention_sentence(facts: dict[str, Any]) -> str:
    """`days` is 0 when messages are kept for ever."""
    days = facts["days"]
    text = (
        ngettext(
            "{name} has decided that messages older than {days} day are deleted.",
            "{name} has decided that messages older than {days} days are deleted.",
            days,
        )
        if days
        else _("{name} has decided that messages are kept for ever.")
    )
    return text.format(**facts)
