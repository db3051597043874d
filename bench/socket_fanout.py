"""One move to many sockets: when has the last one got it, and what does a delivery cost?"""

import asyncio
import base64
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from bench.product import Product

MoveOnce = Callable[[int], Awaitable[None]]


class Ear(asyncio.Protocol):
    """The least WebSocket client that can tell when a frame arrived, so that 1,000 of them cost little."""

    def __init__(self, request: bytes) -> None:
        self.request, self.frames, self.reloads, self.at = request, 0, 0, 0.0
        self.is_open = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        transport.write(self.request)

    def data_received(self, received: bytes) -> None:
        self.at = time.perf_counter()
        if not self.is_open.done():
            self.is_open.set_result(received.startswith(b"HTTP/1.1 101"))
        self.frames += received.count(b'"ops":[')
        self.reloads += received.count(b'"reload"')

    def say(self, text: bytes) -> None:
        """One short masked text frame; the mask is zero, which changes nothing."""
        self.transport.write(bytes([0x81, 0x80 | len(text)]) + bytes(4) + text)


async def listen(port: int, path: str, cookies: str) -> Ear:
    return await opened(Ear, port, path, cookies)


async def opened[E: Ear](kind: type[E], port: int, path: str, cookies: str) -> E:
    """A WebSocket that listens by `kind`. Raises RuntimeError when it is refused."""
    key = base64.b64encode(os.urandom(16)).decode()
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\nCookie: {cookies}\r\n\r\n"
    )
    loop = asyncio.get_running_loop()
    _, ear = await loop.create_connection(lambda: kind(request.encode()), "127.0.0.1", port)
    if not await asyncio.wait_for(ear.is_open, 30):
        raise RuntimeError(f"The socket {path} was refused")
    return ear


class Heard(NamedTuple):
    last_ms: float  # p50 over the rounds: from the click to the last socket
    cpu_ms: float  # a round
    reloads: int


async def rounds(product: Product, ears: list[Ear], move_once: MoveOnce, times: int = 20) -> Heard:
    """MoveOnce `times` times, each after the one before has reached every ear."""
    await _one(ears, move_once, 0)
    await asyncio.sleep(0.3)
    before = product.cpu_ms()
    took = [await _one(ears, move_once, n) for n in range(1, times + 1)]
    await asyncio.sleep(0.2)
    cpu = (product.cpu_ms() - before) / times
    return Heard(statistics.median(took), cpu, sum(ear.reloads for ear in ears))


async def _one(ears: list[Ear], move_once: MoveOnce, n: int) -> float:
    counts = [ear.frames for ear in ears]
    began = time.perf_counter()
    await move_once(n)
    async with asyncio.timeout(20):
        while any(ear.frames == count for ear, count in zip(ears, counts, strict=True)):
            await asyncio.sleep(0.002)
    last = max(ear.at for ear in ears)
    await asyncio.sleep(0.1)
    return (last - began) * 1000


def hang_up(ears: list[Ear]) -> None:
    for ear in ears:
        ear.transport.abort()
