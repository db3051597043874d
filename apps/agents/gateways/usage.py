"""What a turn has cost by the gateway's words, as numbers that the database can keep."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Usage:
    """`cost` in dollars. None: it was not said, or is none."""

    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: Decimal | None = None


def usage_in(told: Any) -> Usage:
    """From `{"input", "output", "cost"}`, where the cost is a number or, in a history, `{"total"}`."""
    if not isinstance(told, dict):
        return Usage()
    cost = told.get("cost")
    total = cost.get("total") if isinstance(cost, dict) else cost
    return Usage(_count(told.get("input")), _count(told.get("output")), _money(total))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def _money(value: object) -> Decimal | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return Decimal(str(value)) if 0 <= value < 100_000 else None
