"""Picking fields out of JSON that may have any shape: what is not there, or of another kind, is left out."""

from datetime import UTC, datetime
from typing import Any


class UnreadablePayload(Exception):
    """The payload lacks what it must have to mean anything."""


def part(payload: Any, *names: str) -> dict[str, Any]:
    """The object that is reached by `names`, or an empty one."""
    for name in names:
        payload = payload.get(name) if isinstance(payload, dict) else None
    return payload if isinstance(payload, dict) else {}


def parts(payload: Any, name: str) -> list[dict[str, Any]]:
    found = part(payload).get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def text(payload: Any, name: str) -> str:
    found = part(payload).get(name)
    return found if isinstance(found, str) else ""


def needed(payload: Any, name: str) -> str:
    """Raises UnreadablePayload without it."""
    if not (found := text(payload, name)):
        raise UnreadablePayload(name)
    return found


def count(payload: Any, name: str) -> int | None:
    found = part(payload).get(name)
    is_count = isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 2**31
    return found if is_count else None


def number(payload: Any, name: str) -> int:
    """Raises UnreadablePayload without it."""
    if (found := count(payload, name)) is None:
        raise UnreadablePayload(name)
    return found


def instant(payload: Any, *names: str) -> datetime | None:
    """The first of `names` that is a time. GitLab's hooks write "2026-11-23 10:00:00 UTC"."""
    for name in names:
        try:
            found = datetime.fromisoformat(text(payload, name).replace(" UTC", "+00:00"))
        except ValueError:
            continue
        if 1970 < found.year < 9999:  # Go writes the year 1 for "never"
            return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def time(payload: Any, *names: str) -> datetime:
    """Raises UnreadablePayload without it."""
    if (found := instant(payload, *names)) is None:
        raise UnreadablePayload(names[0])
    return found


def from_fork(branch: str, owner: str, *, is_fork: bool) -> str:
    return f"{owner or 'fork'}:{branch}" if is_fork else branch
