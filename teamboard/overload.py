"""More than this process can do at once is turned away at the door, not left to time out."""

from collections.abc import Awaitable, Callable

IN_FLIGHT = 64
BUSY = "Team Board is very busy. Please try again in a moment.\n"
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
            await turn_away(send, 503, BUSY, {"Retry-After": "2"})
            return
        self.in_flight += 1
        try:
            await self.application(scope, receive, send)
        finally:
            self.in_flight -= 1


async def turn_away(send: Callable, status: int, sentence: str, headers: dict[str, str]) -> None:
    """Answer with the sentence; no part of Django is asked. `headers` are besides HEADERS."""
    lines = [(name.lower().encode(), value.encode()) for name, value in (HEADERS | headers).items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": sentence.encode()})
