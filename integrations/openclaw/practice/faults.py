"""What goes wrong with hook requests, as a test has set it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from practice.admission import DROPPED
from practice.hooks import Hooks
from practice.wire import Reply, Request, bad_request, reset


@dataclass
class Faults:
    """The fault that is set, for the next `times` hook requests; for ever without a number."""

    mode: str = "normal"
    times: int | None = None
    seconds: float | None = None

    def set(self, mode: str = "normal", times: int | None = None, seconds: float | None = None) -> None:
        self.mode, self.times, self.seconds = mode, times, seconds

    def next(self) -> str:
        """The fault of the next hook request."""
        if self.times is not None:
            if self.times <= 0:
                return "normal"
            self.times -= 1
        return self.mode


ReplyTo = Callable[[Request], Awaitable[Reply]]


async def inject(
    faults: Faults, request: Request, writer: asyncio.StreamWriter, *, hooks: Hooks, reply_to: ReplyTo
) -> bool:
    """Answer a hook request by the fault that is set; True when nothing more is to be answered."""
    mode, seconds = faults.next(), faults.seconds
    if mode == "hang":
        await asyncio.sleep(seconds or 3600)
        reset(writer)
    elif mode == "garbage":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html>no json")
    elif mode in ("unavailable", "dropped", "dropped_old"):
        if mode != "unavailable":
            hooks.runs.report_dropped(hooks.run_of(request), by_old_plugin=mode == "dropped_old")
        writer.write(bad_request(DROPPED, 503).reply.encoded())
    elif mode == "slow_down":
        writer.write(Reply(429, "Too Many Requests", {"Retry-After": f"{seconds or 1:g}"}).encoded())
    elif mode == "reset":
        await reply_to(request)
        reset(writer)
    else:
        await asyncio.sleep((seconds or 0.05) if mode == "slow" else 0)
        return False
    return True
