"""What really happened, for the tests that read it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path


def now_ms() -> int:
    return int(time.time() * 1000)


class Journal:
    """What happened, one JSON line each. Written at once: SIGKILL loses nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def log(self, what: str, **facts: object) -> None:
        os.write(self._file, (json.dumps({"at": time.time(), "what": what, **facts}) + "\n").encode())

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]
