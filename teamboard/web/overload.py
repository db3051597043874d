"""More than this process can do at once is turned away at the door, not left to time out; so is too long a body."""

import json
import math
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from apps.rest.problems import MEDIA_TYPE, problem
from teamboard.web.addresses import network_of

IN_FLIGHT = 64
SHARE_OF_ADDRESS = 3 / 4
MOST_BYTES = 5 * 1024 * 1024  # of a body, files and all; DATA_UPLOAD_MAX_MEMORY_SIZE counts no files
# The doors that take one large file each, which comes with a little around it.
FILE_DOORS = re.compile(r"/projects/[^/]+/chat/\d+/files/|/api/v1/rooms/\d+/files/")
AROUND_FILE = 64 * 1024
BUSY = "Team Board is very busy. Please try again in a moment."
TOO_LONG = "This is more than can be taken in one request."
# Django's middleware is not reached, so here is what it sets: this is a sentence and nothing more, for now and for us.
HEADERS = {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-cache, no-store, private",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[..., Awaitable[None]]


class Bounded:
    """An ASGI application that answers 503 with Retry-After while IN_FLIGHT requests are under way.

    A request counts from its last byte to the first of its answer: how slowly its client sends and reads is not our
    work. One address may have three quarters of the places, so that nobody keeps all others out. `/healthz` and
    `/readyz` are answered all the same: a busy process is alive.
    """

    def __init__(self, application: Application, limit: int = IN_FLIGHT) -> None:
        self.application = application
        self.limit = limit
        self.limit_of_address = math.ceil(limit * SHARE_OF_ADDRESS)
        self.in_flight: Counter[str] = Counter()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["path"] in ("/healthz", "/readyz"):
            await self.application(scope, receive, send)
            return
        place = Place(self, network_of((scope.get("client") or ("",))[0]))
        if not has_body(scope) and not place.take():
            await self.refuse(scope, send)
            return

        async def received() -> Message:
            """The next message; that the client is gone, when it is told to come again."""
            message = await receive()
            is_complete = message["type"] == "http.request" and not message.get("more_body")
            if is_complete and not place.was_taken and not place.take():
                await self.refuse(scope, send)
                return {"type": "http.disconnect"}
            return message

        async def answered(message: Message) -> None:
            place.leave()
            await send(message)

        try:
            await self.application(scope, received, answered)
        finally:
            place.leave()

    async def refuse(self, scope: dict[str, Any], send: Send) -> None:
        await refuse_request(scope, send, 503, "unavailable", BUSY, {"Retry-After": "2"})


class Place:
    """That of one request among those under way."""

    def __init__(self, bounded: Bounded, address: str) -> None:
        self.bounded, self.address = bounded, address
        self.was_taken = self.is_taken = False

    def take(self) -> bool:
        in_flight = self.bounded.in_flight
        has_room = in_flight.total() < self.bounded.limit and in_flight[self.address] < self.bounded.limit_of_address
        self.was_taken = self.is_taken = has_room
        in_flight[self.address] += has_room
        return has_room

    def leave(self) -> None:
        if self.is_taken:
            self.is_taken = False
            self.bounded.in_flight[self.address] -= 1
            self.bounded.in_flight += Counter()  # without those that have none


def has_body(scope: dict[str, Any]) -> bool:
    headers = dict(scope.get("headers", ()))
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"").strip(b"0 ") != b""


class BoundedBodies:
    """An ASGI application that answers 413 to a body of more than MOST_BYTES, as soon as its length is known.

    FILE_DOORS take as much as `largest_file` has. A body that comes without its length is counted, and what is
    too much is not kept.
    """

    def __init__(self, application: Application, limit: int = MOST_BYTES, largest_file: int = 0) -> None:
        self.application = application
        self.limit = limit
        self.largest_file = largest_file

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        length = dict(scope["headers"]).get(b"content-length", b"")
        limit = self.limit
        if FILE_DOORS.fullmatch(scope["path"]):
            limit = max(limit, self.largest_file + AROUND_FILE)
        if length.isdigit() and int(length) > limit:
            await refuse_request(scope, send, 413, "too_large", TOO_LONG)
            return
        received = 0

        async def counted() -> dict[str, Any]:
            """The next message; that the client is gone, when it is told to stop."""
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received <= limit:
                return message
            await refuse_request(scope, send, 413, "too_large", TOO_LONG, {"Connection": "close"})
            return {"type": "http.disconnect"}

        await self.application(scope, counted, send)


async def refuse_request(
    scope: dict[str, Any], send: Send, status: int, code: str, sentence: str, headers: dict[str, str] | None = None
) -> None:
    """Answer with the sentence, as a problem at the API; no part of Django is asked. `headers` are besides HEADERS."""
    lines, body = refusal(scope["path"], status, code, sentence, headers)
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


def refusal(
    path: str, status: int, code: str, sentence: str, headers: dict[str, str] | None = None
) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """The lines of headers and the body of an answer that says no more than `sentence`."""
    is_api = path.startswith("/api/")
    body = (json.dumps(problem(status, sentence, code)) if is_api else f"{sentence}\n").encode()
    all_headers = HEADERS | {"Content-Length": str(len(body))} | ({"Content-Type": MEDIA_TYPE} if is_api else {})
    return [(name.lower().encode(), value.encode()) for name, value in (all_headers | (headers or {})).items()], body
