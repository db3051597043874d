"""What is too long to stand open: it is folded after FOLDED_AFTER lines, wherever people read it."""

from math import ceil

from django import template

register = template.Library()
FOLDED_AFTER = 40  # lines
LINE = 100  # characters of a line, about, before it is wrapped
BEGINNING = 240


@register.filter
def lines_of(text: str, width: int = LINE) -> int:
    """How many lines it takes, about, where `width` characters fit into one."""
    return sum(max(1, ceil(len(line) / width)) for line in text.splitlines())


@register.filter
def is_long(text: str, width: int = LINE) -> bool:
    return lines_of(text, width) > FOLDED_AFTER


@register.filter
def beginning_of(text: str) -> str:
    """What stands for it while it is folded."""
    words = " ".join(text[: 2 * BEGINNING].split())
    return words if len(words) <= BEGINNING else f"{words[: BEGINNING - 1].rstrip()}…"
