"""Which tasks a text from Git references, and how strongly.

`TB-12` mentions, `[TB-12]` triggers moves, `fixes TB-12` triggers moves and closes. Keys in code, addresses, quotations
and HTML comments (templates of Git hosts are full of them) reference nothing.
"""

import re
from enum import IntEnum
from functools import lru_cache

from apps.tasks.markdown import plain_text
from apps.tasks.markdown.marks import PLACEHOLDER

MAX_REFERENCES = 100  # keys of one event; what names more is a list, not work
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
# Somebody else's words within a line, as in: Revert "[TB-12] Ask for a deposit"
_QUOTED = re.compile('"[^"\n]*"|“[^“”\n]*”|„[^„“”\n]*[“”]|«[^«»\n]*»')  # each ends before the next begins: linear
# What stands right behind code or an address belongs to it.
_ATTACHED = re.compile(rf"{PLACEHOLDER}\S*")
_NUMBER = "[1-9][0-9]{0,8}"
_CLOSES = r"(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?)(?::[ \t]{0,3}|[ \t]{1,3}:?[ \t]{0,3})"


class Reference(IntEnum):
    MENTIONS = 1
    TRIGGERS = 2
    CLOSES = 3


def in_text(text: str, key: str) -> dict[int, Reference]:
    """By number, how `text` names tasks of the project `key`; of several times the strongest."""
    if f"{key}-" not in text:
        return {}
    found: dict[int, Reference] = {}
    for match in _pattern(key).finditer(_own_text(text)):
        number = int(match["triggering"] or match["bare"])
        found[number] = max(found.get(number, Reference.MENTIONS), _strength(match))
        if len(found) == MAX_REFERENCES:
            break
    return found


def _own_text(text: str) -> str:
    """Its own text, without comments and quotations."""
    return _QUOTED.sub(" ", _ATTACHED.sub(" ", plain_text(_COMMENT.sub(" ", text))))


def _strength(match: re.Match[str]) -> Reference:
    if match["closes"]:
        return Reference.CLOSES
    return Reference.TRIGGERS if match["triggering"] else Reference.MENTIONS


@lru_cache(maxsize=256)
def _pattern(key: str) -> re.Pattern[str]:
    """The key stands alone: not within a word, a path or an address."""
    one = rf"(?:\[{key}-(?P<triggering>{_NUMBER})\]|{key}-(?P<bare>{_NUMBER}))"
    return re.compile(rf"(?<![\w/.@#=&?:+\\~-])(?P<closes>(?i:{_CLOSES}))?{one}(?![\w/@=\\]|[-.:]\w)")


def in_branch(name: str, key: str) -> list[int]:
    """The numbers that a branch is called by: `tb-12-slug`, `ana/TB-12`; each once, in order."""
    return list(dict.fromkeys(int(number) for number in _branch_pattern(key).findall(name)))[:MAX_REFERENCES]


@lru_cache(maxsize=256)
def _branch_pattern(key: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|/){key}-({_NUMBER})(?![^\W_])", re.IGNORECASE)
