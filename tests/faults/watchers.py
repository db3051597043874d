"""Browsers that watch a board: each keeps its position and comes back by itself when it is cut off."""

import asyncio
import json
import threading
import time
from collections import defaultdict

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from bench.visitor import Visitor
from tests.faults.running_board import RunningBoard

SOCKETS = 20


class Watchers:
    """Twenty sockets in a thread of their own; `seqs` says how far each has read, `told` of which messages."""

    def __init__(self, board: RunningBoard) -> None:
        self.origin = board.product.url
        self.url = f"{self.origin.replace('http', 'ws', 1)}/ws/projects/{board.cast.project.key}/"
        people = (board.cast.ana, board.cast.ben)  # one person may open ten sockets
        self.cookie_lines = [Visitor(board.product, person).cookie_line for person in people]
        self.seqs: dict[int, int] = {}
        self.told: dict[int, set[int]] = defaultdict(set)  # by socket, the messages it was told
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        self.loop.run_until_complete(self._watch_all())

    async def _watch_all(self) -> None:
        self.stopping = asyncio.Event()
        watching = [asyncio.create_task(self._keep_watching(n)) for n in range(SOCKETS)]
        await self.stopping.wait()
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)

    async def _keep_watching(self, n: int) -> None:
        while True:
            try:
                await self._watch(n)
            except (OSError, WebSocketException, TimeoutError):
                await asyncio.sleep(0.5)

    async def _watch(self, n: int) -> None:
        since = f"?since={self.seqs[n]}" if n in self.seqs else ""
        headers = {"Cookie": self.cookie_lines[n % 2]}
        async with connect(self.url + since, origin=self.origin, additional_headers=headers) as socket:
            async for text in socket:
                frame = json.loads(text)
                if "seq" in frame:
                    self.seqs[n] = frame["seq"]
                    self.told[n] |= messages_in(frame)
                else:
                    self.seqs.setdefault(n, frame["head"])

    def are_all_at(self, head: int) -> bool:
        return len(self.seqs) == SOCKETS and all(seq == head for seq in self.seqs.values())

    def seconds_until_all_at(self, head: int, limit: float) -> float:
        began = time.monotonic()
        while not self.are_all_at(head) and time.monotonic() - began < limit:
            time.sleep(0.05)
        return time.monotonic() - began

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join(10)


def messages_in(frame: dict) -> set[int]:
    ids = (op.get("id", "") for op in frame["ops"])
    return {int(each.removeprefix("message-")) for each in ids if each.startswith("message-")}
