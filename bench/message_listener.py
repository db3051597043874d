"""A socket that notes when it has heard which message of a talk: those say `said-<n>.` and nothing else does."""

import re
import time

from bench.socket_fanout import Ear, opened

SAID = re.compile(rb"said-(\d+)\.")
LONGEST_TOKEN = 16


class Overhearer(Ear):
    def __init__(self, request: bytes) -> None:
        super().__init__(request)
        self.heard_at: dict[int, float] = {}
        self.rest = b""  # a token may be cut by the network

    def data_received(self, received: bytes) -> None:
        super().data_received(received)
        now = time.perf_counter()
        for found in SAID.findall(self.rest + received):
            self.heard_at.setdefault(int(found), now)
        self.rest = received[-LONGEST_TOKEN:]


async def overhear(port: int, path: str, cookies: str) -> Overhearer:
    return await opened(Overhearer, port, path, cookies)
