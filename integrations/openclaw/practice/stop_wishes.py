"""Runs that are to be stopped, as our plugin keeps them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections import defaultdict
from pathlib import Path

RUN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # Team Board's id of one
SIGNED_SECONDS = 300  # that a signature is good for
STOPS_WITHIN = 2  # seconds that an answer waits for the run's end


class Stops:
    """Runs of Team Board's that are to be stopped, each with a file until it has ended, and the requests seen."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._seen_file = folder, folder / "seen.json"
        self._seen: dict[str, float] = {}
        with contextlib.suppress(FileNotFoundError, ValueError):
            self._seen = json.loads(self._seen_file.read_text())
        self.answering: dict[str, asyncio.Task] = {}  # by run, what its agent is at
        self.answered: set[str] = set()  # runs that are being stopped by an answer of Team Board's
        self._ended: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def is_new(self, request_id: str) -> bool:
        now = time.time()
        if self._seen.get(request_id, 0) > now:
            return False
        self._seen = {known: until for known, until in self._seen.items() if until > now}
        self._seen[request_id] = now + 2 * SIGNED_SECONDS
        self._seen_file.write_text(json.dumps(self._seen))
        return True

    def is_wanted(self, run: str | None) -> bool:
        return bool(run) and (self._folder / str(run)).exists()

    async def stop(self, run: str) -> str:
        (self._folder / run).touch()
        if run not in self.answering:
            return "ended" if self._ended[run].is_set() else "will-not-start"
        self.answering[run].cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended[run].wait(), STOPS_WITHIN)
        return "stopped" if self._ended[run].is_set() else "will-stop"

    def over(self, run: str | None) -> None:
        if run:
            self._ended[run].set()
            (self._folder / run).unlink(missing_ok=True)
