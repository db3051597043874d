"""JSON from outside as its standard has it (RFC 8259), and what of it the database can keep."""

import json
import math
import re
from typing import Any, NoReturn

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL keeps neither NUL nor half a character


def loads(raw: bytes | str, *, unique_names: bool = False, whole_characters: bool = False) -> Any:
    """The value that `raw` says in UTF-8. Raises ValueError for anything else.

    Python would also take NaN and Infinity, turn 1e999 into the latter, and leave by RecursionError what is too
    deep for it. With `unique_names` no name may stand twice in an object, with `whole_characters` no escape may
    stand for half a character, which no answer could repeat.
    """
    text = raw.decode() if isinstance(raw, bytes) else raw
    hook = _once if unique_names else None
    try:
        value = json.loads(text, object_pairs_hook=hook, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("too deep") from error
    if whole_characters and "\\ud" in text.lower():
        json.dumps(value, ensure_ascii=False).encode()  # raises UnicodeEncodeError, which is a ValueError
    return value


def storable(value: Any) -> Any:
    """The same with U+FFFD for what the database cannot keep: odd characters are no reason to lose the rest."""
    if isinstance(value, dict):
        return {storable(name): storable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [storable(inner) for inner in value]
    return UNSTORABLE.sub("\ufffd", value) if isinstance(value, str) else value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse(digits)
