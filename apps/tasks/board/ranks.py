"""A position between two neighbours, as a short string that sorts (base 62, C collation).

The idea is known as fractional indexing (https://observablehq.com/@dgreensp/implementing-fractional-indexing);
the one package for it has had no release for years. A rank is the digits after "0." of a
fraction and never ends in "0", so that there is always room below it. Random digits keep
apart what two people put into one gap at once.
"""

import secrets

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE = len(DIGITS)
MAX_LENGTH = 32
COUNTED_DIGITS = 6  # digits that growing at an open end counts in: room for hundreds of millions


def between(low: str = "", high: str = "") -> str:
    """A rank above `low` and below `high`; "" stands for the open end.

    Raises ValueError unless low < high.
    """
    if high and low >= high:
        raise ValueError(f"{low!r} is not below {high!r}")
    if low and high:
        return _midpoint(low, high) + _jitter()
    if not low and not high:
        return DIGITS[BASE // 2] + _jitter()
    step = 1 + secrets.randbelow(BASE - 1)
    head = _to_number(low or high) + (step if low else -step)
    if not 0 < head < BASE**COUNTED_DIGITS:
        return _midpoint(low, high) + _jitter()
    return _from_number(head)


def spread(count: int, low: str = "", high: str = "") -> list[str]:
    """`count` ranks in order between two bounds, evenly, so that each gap has room again."""
    if count <= 0:
        return []
    middle = _midpoint(low, high) + _jitter()
    left = spread((count - 1) // 2, low, middle)
    return [*left, middle, *spread(count - 1 - len(left), middle, high)]


def _midpoint(low: str, high: str) -> str:
    """The shortest string strictly between the two, such that anything appended stays between."""
    digits = ""
    for position in range(max(len(low), len(high)) + 1):
        floor = DIGITS.index(low[position]) if position < len(low) else 0
        ceiling = DIGITS.index(high[position]) if high and position < len(high) else BASE
        if ceiling - floor > 1:
            return digits + DIGITS[(floor + ceiling) // 2]
        digits += DIGITS[floor]
        if ceiling > floor:
            high = ""  # already below `high`: from here on only `low` bounds
    return digits + DIGITS[BASE // 2]


def _jitter() -> str:
    return secrets.choice(DIGITS) + secrets.choice(DIGITS[1:])


def _to_number(rank: str) -> int:
    number = 0
    for digit in rank[:COUNTED_DIGITS].ljust(COUNTED_DIGITS, DIGITS[0]):
        number = number * BASE + DIGITS.index(digit)
    return number


def _from_number(number: int) -> str:
    digits = ""
    for _ in range(COUNTED_DIGITS):
        number, digit = divmod(number, BASE)
        digits = DIGITS[digit] + digits
    return digits.rstrip(DIGITS[0])
