"""When a connection is given up, by a clock that is set: how quickly this machine works is no part of it."""

from collections.abc import Callable, Coroutine
from typing import Any
from unittest.mock import MagicMock

import pytest
import uvicorn
from uvicorn.server import ServerState

from teamboard.web import slow_clients
from teamboard.web.slow_clients import Awaited, DeadlineProtocol
from teamboard.web.waiting_connections import WaitingConnections

pytestmark = pytest.mark.req("FLT-35")
PIECE = b"x" * 16 * slow_clients.BODY_RATE
HEAD = b"POST /accounts/sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n"


class Timer:
    def __init__(self, at: float, call: Callable[[], None]) -> None:
        self.at, self.call, self.is_cancelled = at, call, False

    def when(self) -> float:
        return self.at

    def cancel(self) -> None:
        self.is_cancelled = True


class Loop:
    """As much of an event loop as a connection asks for; no application runs in it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_at(self, at: float, call: Callable[..., None], *args: Any) -> Timer:
        self.timers.append(Timer(at, lambda: call(*args)))
        return self.timers[-1]

    def call_later(self, seconds: float, call: Callable[..., None], *args: Any) -> Timer:
        return self.call_at(self.now + seconds, call, *args)

    def create_task(self, application: Coroutine[Any, Any, None]) -> MagicMock:
        application.close()
        return MagicMock()

    def let_pass(self, seconds: float) -> None:
        """Time goes by, and each timer is called at its time."""
        end = self.now + seconds
        while due := [each for each in self.timers if not each.is_cancelled and each.at <= end]:
            first = min(due, key=Timer.when)
            self.timers.remove(first)
            self.now = first.at
            first.call()
        self.now = end


class Connection:
    def __init__(self) -> None:
        self.loop = Loop()
        config = uvicorn.Config(MagicMock(), http=DeadlineProtocol, lifespan="off", log_config=None)
        config.load()
        self.transport = MagicMock()
        self.transport.get_extra_info.side_effect = {"peername": ("192.0.2.7", 4711)}.get
        self.transport.is_closing.return_value = False
        waiting = WaitingConnections(10)
        self.protocol = DeadlineProtocol(config, ServerState(), {}, self.loop, waiting=waiting, proxies=[])
        self.protocol.connection_made(self.transport)

    def sends(self, data: bytes) -> None:
        """And the application takes it at once."""
        self.protocol.data_received(data)
        self.protocol.cycle.body = b""
        self.protocol.flow.resume_reading()

    @property
    def is_closed(self) -> bool:
        return bool(self.transport.close.called)


def test_body_that_keeps_coming_is_waited_for():
    """Longer than every deadline, in pieces that come soon enough."""
    connection = Connection()
    connection.sends(HEAD % (100 * len(PIECE)))
    for _ in range(20):
        connection.loop.let_pass(15)
        connection.sends(PIECE)
    assert connection.loop.now > 1000 + 10 * slow_clients.BODY_SECONDS
    assert (connection.is_closed, connection.protocol.awaited) == (False, Awaited.BODY)


def test_body_that_comes_too_slowly_is_refused_at_its_deadline():
    connection = Connection()
    connection.sends(HEAD % 4096)
    for _ in range(3):
        connection.loop.let_pass(slow_clients.BODY_SECONDS / 4)
        connection.sends(b"n")
    connection.loop.let_pass(slow_clients.BODY_SECONDS / 4 - 0.1)
    assert not connection.is_closed
    connection.loop.let_pass(0.2)
    assert connection.is_closed
    assert b" 408 " in connection.transport.write.call_args.args[0]


def test_body_that_comes_no_more_is_refused_however_much_there_was():
    connection = Connection()
    connection.sends(HEAD % (100 * len(PIECE)))
    for _ in range(10):
        connection.sends(PIECE)
    connection.loop.let_pass(slow_clients.SILENT_SECONDS - 0.1)
    assert not connection.is_closed
    connection.loop.let_pass(0.2)
    assert b" 408 " in connection.transport.write.call_args.args[0]
