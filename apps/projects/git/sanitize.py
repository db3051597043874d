"""Text that comes from a repository or a forge: anybody may have written it, in any encoding."""

import unicodedata

# Controls, and what turns the direction of a text round: a reader would see other words than there are.
HIDING = {*"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"}


def tidy(text: object, limit: int, *, lines: bool = False) -> str:
    """`text` without control and bidirectional characters, at most `limit` long; with `lines` its line breaks stay.

    What is not text at all (a forge may send anything) is the empty text.
    """
    if not isinstance(text, str):
        return ""
    kept = visible(text[: 4 * limit].replace("\r\n", "\n"))
    return (kept if lines else " ".join(kept.split()))[:limit].strip()


def visible(text: str) -> str:
    """`text` without what would hide or turn round other text; its line breaks and tabs stay."""
    return "".join(each for each in text if each in "\n\t" or _is_shown(each))


def _is_shown(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs") and character not in HIDING
