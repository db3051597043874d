"""Conversations, which survive a restart as OpenClaw's do."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path

from practice.journal import now_ms

HANDED_ON = (
    "[Queued user message from a previous active turn; preserved as context only. "
    "Continue with the active prompt below.]\n"
)


def stored_key(agent: str, key: str) -> str:
    return f"agent:{agent}:{key}".lower()


class Sessions:
    """Conversations by stored key, one file each."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def _file(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}.jsonl"

    def add(self, key: str, message: dict) -> None:
        with self._file(key).open("a") as file:
            file.write(json.dumps(message) + "\n")

    def begin_turn(self, key: str, text: str) -> str:
        """Add the user's row. Returns what the model is given before it: the words of a turn that was stopped.

        That turn's own row is gone from then on.
        """
        rows = self.messages(key) or []
        handed_on = ""
        if rows and rows[-1].get("stopped"):
            handed_on = HANDED_ON + rows.pop()["content"][0]["text"]
            self._file(key).write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.add(key, {"role": "user", "content": [{"type": "text", "text": text}], "timestamp": now_ms()})
        return handed_on

    def stop_turn(self, key: str) -> None:
        """Remember that the last turn was stopped."""
        if rows := self.messages(key):
            rows[-1]["stopped"] = True
            self._file(key).write_text("".join(json.dumps(row) + "\n" for row in rows))

    def messages(self, key: str) -> list[dict] | None:
        """Oldest first; None when there is no such session."""
        with contextlib.suppress(FileNotFoundError):
            return [json.loads(line) for line in self._file(key).read_text().splitlines()]
        return None
