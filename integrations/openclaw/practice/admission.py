"""Which runs are let in: so many at once, one a session, and each key once."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, defaultdict

from practice.wire import Refusal, bad_request

REPLAY_SECONDS, REPLAY_KEYS = 300, 1000
DROPPED = "hook agent run did not start before admission timeout"


class Overloaded(Refusal):
    """Dropped while it waited for a slot: of such a send the gateway speaks as of a run that was aborted."""

    def __init__(self, error: str, status: int) -> None:
        super().__init__(status, {"ok": False, "error": error})


class Replays:
    """Which key started which run: 5 minutes after its end, at most 1,000, in memory only."""

    def __init__(self) -> None:
        self._started: OrderedDict[tuple[str, bytes], tuple[str, float | None]] = OrderedDict()

    def find(self, key: str, body: bytes) -> str | None:
        run_id, ended = self._started.get((key, body), (None, None))
        return None if ended and time.monotonic() - ended > REPLAY_SECONDS else run_id

    def remember(self, key: str, body: bytes, run_id: str, *, ended: float | None = None) -> None:
        if key:
            self._started[key, body] = (run_id, ended)
            while len(self._started) > REPLAY_KEYS:
                self._started.popitem(last=False)

    def forget(self, key: str, body: bytes) -> None:
        self._started.pop((key, body), None)


class Admission:
    """At most `slots` runs at once and one per session; who waits too long is turned away."""

    def __init__(self, slots: int, seconds: float) -> None:
        self._slots = asyncio.Semaphore(slots)
        self._sessions: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._seconds = seconds

    async def enter(self, key: str) -> None:
        """Raises Overloaded when every slot was taken for too long, a plain Refusal when the session was."""
        has_session = False
        try:
            async with asyncio.timeout(self._seconds):
                await self._sessions[key].acquire()
                has_session = True
                try:
                    await self._slots.acquire()
                except asyncio.CancelledError:
                    self._sessions[key].release()
                    raise
        except TimeoutError:
            raise (Overloaded if has_session else bad_request)(DROPPED, 503) from None

    def leave(self, key: str) -> None:
        self._slots.release()
        self._sessions[key].release()
