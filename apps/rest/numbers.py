"""Whole numbers as addresses and sockets' queries say them."""

LARGEST_ID = 2**63 - 1


def whole(said: str) -> int | None:
    """The number that `said` is, at most LARGEST_ID; None for whatever else it says. Python reads 4,300 digits only."""
    if not (said.isascii() and said.isdecimal()):
        return None
    return min(int(said), LARGEST_ID) if len(said) < 40 else LARGEST_ID
