"""What of a delivery is kept: its shape, without what opens doors and without people's addresses."""

import re
from typing import Any

from apps.projects.git.sanitize import tidy

HIDDEN = "…"
SECRET = re.compile(
    r"secret|token|password|passwd|authorization|credential|private_key|signature|variables", re.IGNORECASE
)
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
INSIDE = re.compile(
    r"(?P<key>gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|tb_\w{20,})|(?P<login>(?<=://)[^/@\s]+(?=@))"
)
LONGEST = 20_000
DEEPEST = 32


def redacted(payload: Any, name: str = "", depth: int = 0) -> Any:
    """The same for the database. Titles and texts keep their words: they are stored and shown anyway."""
    if depth > DEEPEST or (SECRET.search(name) and payload not in (None, "")):
        return HIDDEN
    if isinstance(payload, dict):
        return {tidy(key, 200): redacted(value, key, depth + 1) for key, value in payload.items()}
    if isinstance(payload, list):
        return [redacted(value, name, depth + 1) for value in payload]
    if not isinstance(payload, str):
        return payload
    return HIDDEN if "email" in name.lower() else INSIDE.sub(HIDDEN, tidy(payload, LONGEST, lines=True))


def for_display(payload: Any) -> Any:
    """The same for the log: there, nobody needs an address inside a text either."""
    if isinstance(payload, dict):
        return {key: for_display(value) for key, value in payload.items()}
    if isinstance(payload, list):
        return [for_display(value) for value in payload]
    return EMAIL.sub(HIDDEN, payload) if isinstance(payload, str) else payload
