"""Clients that are slow to say what they want, or to take the answer: uvicorn waits for them for ever, we do not.

A connection waits for its client between two requests, while the head of one comes, and while its body does. Each has
a deadline; what an address may have of them at once is the business of `waiting_connections`.
"""

import asyncio
from enum import Enum
from typing import Any

from uvicorn._types import ASGI3Application
from uvicorn.middleware.proxy_headers import _TrustedHosts
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from teamboard.web.addresses import network_of
from teamboard.web.overload import refusal
from teamboard.web.waiting_connections import WaitingConnections

HEAD_SECONDS = 15.0  # from the connection, or from the first byte of a further request
BODY_SECONDS = 20.0  # from the end of the head, and a second more for each BODY_RATE bytes of the body
BODY_RATE = 8 * 1024
SILENT_SECONDS = 20.0  # without a byte of the body
ANSWER_SECONDS = 30.0  # without any of the answer being taken
MOST_HEAD = 64 * 1024  # bytes
MOST_AROUND = 8  # for each byte of a body that comes in pieces
MOST_PIPELINED = 32

TOO_SLOW = "The request did not arrive in time. Please send it again."
TOO_LONG_HEAD = "The address and the headers of this request are too long."


class Awaited(Enum):
    NOTHING = "nothing"  # the request is there; it is our turn
    REQUEST = "request"  # the next one, on a connection that is kept
    HEAD = "head"
    BODY = "body"


class DeadlineProtocol(HttpToolsProtocol):
    """One connection; `waiting` is all of them, `proxies` are ours, whoever wraps the application that reads them."""

    def __init__(self, *args: Any, waiting: WaitingConnections, proxies: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.waiting, self.proxies = waiting, _TrustedHosts(proxies)
        self.awaited = Awaited.NOTHING
        self.peer = self.address = ""  # who is connected, and whose request it is; "" is a proxy of ours
        self.waits_since = self.last_byte_at = 0.0
        self.received = self.around = 0  # bytes of the body, and of all else of the request
        self.answering: RequestResponseCycle | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.abort_timer: asyncio.TimerHandle | None = None

    # What is waited for

    def wait_for(self, awaited: Awaited, address: str) -> None:
        self.wait_no_more()
        self.awaited, self.address = awaited, address
        self.waits_since = self.last_byte_at = self.loop.time()
        self.waiting.add(self)

    def wait_no_more(self) -> None:
        if self.awaited is not Awaited.NOTHING:
            self.awaited = Awaited.NOTHING
            self.waiting.remove(self)
        self.received = 0

    def deadline(self) -> float:
        if self.awaited is Awaited.REQUEST:
            return self.waits_since + self.timeout_keep_alive
        if self.awaited is Awaited.HEAD:
            return self.waits_since + HEAD_SECONDS
        by_rate = self.waits_since + BODY_SECONDS + self.received / BODY_RATE
        return min(by_rate, self.last_byte_at + SILENT_SECONDS)

    def watch(self) -> None:
        """Look at the deadline, or before; a timer that stands already is not moved for each request."""
        if self.awaited is not Awaited.NOTHING and (self.timer is None or self.timer.when() > self.deadline()):
            if self.timer:
                self.timer.cancel()
            self.timer = self.loop.call_at(self.deadline(), self.look)

    def look(self) -> None:
        self.timer = None
        if self.is_held_up():
            self.waits_since = self.last_byte_at = self.loop.time()
        if self.awaited is not Awaited.NOTHING and self.deadline() <= self.loop.time():
            self.turn_away()
        self.watch()

    def is_held_up(self) -> bool:
        """By us: a further request waits for the answer to the former, and what is not read can't be sent."""
        is_answering = self.cycle is not None and not self.cycle.response_complete
        return (self.awaited is Awaited.HEAD and is_answering) or bool(self.pipeline) or self.flow.read_paused

    def sender(self) -> str:
        """Whose request it is, as a proxy of ours tells it."""
        lines = [value.decode("latin-1") for name, value in self.headers if name == b"x-forwarded-for"]
        if self.peer or not lines:
            return self.peer
        return network_of(self.proxies.get_trusted_client_address(", ".join(lines))[0])

    # The end

    def turn_away(self) -> None:
        """Close; who has begun to ask is told why, unless an answer is on its way."""
        awaited = self.awaited
        self.wait_no_more()
        if awaited is Awaited.BODY and not self.cycle.response_started:
            self.cycle.disconnected = True  # what still comes of it is not acted upon
            self.refuse(408, "too_slow", TOO_SLOW, self.scope["path"])
        elif awaited is Awaited.HEAD and self.around and (self.cycle is None or self.cycle.response_complete):
            self.refuse(408, "too_slow", TOO_SLOW)
        else:
            self.close()

    def refuse(self, status: int, code: str, sentence: str, path: str = "") -> None:
        lines, body = refusal(path, status, code, sentence, {"Connection": "close"})
        head = b"".join(name + b": " + value + b"\r\n" for name, value in self.server_state.default_headers + lines)
        self.transport.write(STATUS_LINE[status] + head + b"\r\n" + body)
        self.close()

    def close(self) -> None:
        self.transport.close()
        self.abort_later()

    def abort_later(self) -> None:
        """A connection is closed once all is written, which is up to the client."""
        if self.abort_timer is None:
            self.abort_timer = self.loop.call_later(ANSWER_SECONDS, self.transport.abort)

    # What happens, as uvicorn tells it

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn itself
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        self.peer = "" if address in self.proxies else network_of(address)
        self.wait_for(Awaited.HEAD, self.peer)
        self.watch()

    def data_received(self, data: bytes) -> None:
        self.last_byte_at = self.loop.time()
        self.around += len(data)
        super().data_received(data)
        if self.awaited in (Awaited.HEAD, Awaited.BODY) and self.around > MOST_HEAD + MOST_AROUND * self.received:
            self.wait_no_more()
            self.refuse(431, "too_large", TOO_LONG_HEAD)
        self.watch()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"]["peer"] = self.client[0] if self.client else ""  # apps/rest/peer.py
        if len(self.pipeline) > MOST_PIPELINED:
            self.close()
        if self.awaited is not Awaited.HEAD:
            self.wait_for(Awaited.HEAD, self.peer)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self.wait_for(Awaited.BODY, self.sender())

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self.around -= len(body)
        if self.awaited is Awaited.BODY and not self.cycle.response_complete:
            self.received += len(body)
            self.waiting.count_bytes(self, len(body))

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.wait_no_more()
        self.around = 0
        if self.cycle is not None and self.cycle.response_complete:  # it was answered before it was all there
            self.wait_for(Awaited.REQUEST, self.peer)

    def on_response_complete(self) -> None:
        is_last = not self.pipeline
        super().on_response_complete()
        if self.transport.is_closing():
            self.abort_later()
        elif is_last and self.awaited is Awaited.NOTHING:
            self.wait_for(Awaited.REQUEST, self.peer)
            self.watch()

    def handle_websocket_upgrade(self) -> None:
        self.forget()
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        self.forget()
        super().connection_lost(exc)
        if self.answering is not None:  # uvicorn tells it the last of several pipelined requests alone
            self.answering.disconnected = True
            self.answering.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self.answering = cycle
        super()._start_asgi_task(cycle, app)

    def forget(self) -> None:
        self.wait_no_more()
        for timer in filter(None, (self.timer, self.abort_timer)):
            timer.cancel()

    def send_400_response(self, msg: str) -> None:
        super().send_400_response(msg)
        self.abort_later()

    def timeout_keep_alive_handler(self) -> None:
        self.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.abort_later()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.abort_timer and not self.transport.is_closing():
            self.abort_timer.cancel()
            self.abort_timer = None
