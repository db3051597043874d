"""What the board itself writes in a room. Kept as code and facts, so each reader gets it in their own language."""

import logging
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps import names

log = logging.getLogger(__name__)
Sentence = Callable[[dict[str, Any]], str]
_sentences: dict[str, Sentence] = {}


def register_system_message(code: str, sentence: Sentence) -> None:
    """Have system messages with `code` read as `sentence(facts)`. Call this in `AppConfig.ready()`."""
    _sentences[code] = sentence


def sentence_of(system_message: dict[str, Any]) -> str:
    """Facts may hold words of people and agents, so templates escape it as ever."""
    try:
        sentence = _sentences.get(system_message["code"])
        return sentence(names.isolated(system_message["facts"])) if sentence else ""
    except Exception:  # one old message that cannot be read does not take its room along
        log.exception("A system message has no sentence", extra={"system_message": str(system_message)[:500]})
        return _("This message can no longer be shown.")


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
