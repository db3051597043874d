"""More than this process can do at once is turned away at the door, not left to time out."""

from collections.abc import Awaitable, Callable

IN_FLIGHT = 64
RETRY_AFTER = b"2"  # seconds
BUSY = b"Team Board is very busy. Please try again in a moment.\n"


class Bounded:
    """An ASGI application that answers 503 with Retry-After while IN_FLIGHT requests are under way.

    `/healthz` and `/readyz` are answered all the same: a busy process is alive.
    """

    def __init__(self, application: Callable[..., Awaitable[None]], limit: int = IN_FLIGHT) -> None:
        self.application = application
        self.limit = limit
        self.in_flight = 0

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        if self.in_flight >= self.limit and scope["path"] not in ("/healthz", "/readyz"):
            await turn_away(send)
            return
        self.in_flight += 1
        try:
            await self.application(scope, receive, send)
        finally:
            self.in_flight -= 1


async def turn_away(send: Callable) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", RETRY_AFTER)]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": BUSY})
