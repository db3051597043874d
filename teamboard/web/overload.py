"""More than this process can do at once is turned away at the door, not left to time out; so is too long a body."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from apps.rest.problems import MEDIA_TYPE, problem

IN_FLIGHT = 64
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

    `/healthz` and `/readyz` are answered all the same: a busy process is alive.
    """

    def __init__(self, application: Application, limit: int = IN_FLIGHT) -> None:
        self.application = application
        self.limit = limit
        self.in_flight = 0

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if self.in_flight >= self.limit and scope["path"] not in ("/healthz", "/readyz"):
            await refuse_request(scope, send, 503, "unavailable", BUSY, {"Retry-After": "2"})
            return
        self.in_flight += 1
        try:
            await self.application(scope, receive, send)
        finally:
            self.in_flight -= 1


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
    is_api = scope["path"].startswith("/api/")
    body = json.dumps(problem(status, sentence, code)) if is_api else f"{sentence}\n"
    all_headers = HEADERS | ({"Content-Type": MEDIA_TYPE} if is_api else {}) | (headers or {})
    lines = [(name.lower().encode(), value.encode()) for name, value in all_headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body.encode()})
