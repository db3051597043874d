"""One plain table: operation, ours, goal, floor, ratio."""

from typing import NamedTuple


class Line(NamedTuple):
    """One figure. `goal` is a ceiling unless `is_rate`; `floor` is what the bare parts alone would take."""

    operation: str
    ours: float
    unit: str
    goal: float | None = None
    floor: float | None = None
    is_rate: bool = False

    @property
    def misses(self) -> bool:
        if self.goal is None:
            return False
        return self.ours < self.goal if self.is_rate else self.ours > self.goal


HEAD = ("operation", "ours", "", "goal", "floor", "ratio", "")


def row_of(line: Line) -> tuple[str, ...]:
    sign = "≥" if line.is_rate else "≤"
    return (
        line.operation,
        number(line.ours),
        line.unit,
        "" if line.goal is None else f"{sign} {number(line.goal)}",
        "" if line.floor is None else number(line.floor),
        f"{line.ours / line.floor:.1f}" if line.floor else "",
        "MISSED" if line.misses else "",
    )


def number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"


def draw(lines: list[Line]) -> str:
    rows = [HEAD, *map(row_of, lines)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if n in (0, 2, 6) else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
