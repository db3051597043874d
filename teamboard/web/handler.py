"""HTTP: static files are answered in front of Django, and Django in one thread a request."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary
from wsgiref.headers import Headers

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponseBase
from servestatic import ServeStaticASGI

from teamboard.web.overload import Application, Bounded, BoundedBodies

TURNS = 3
LONGEST_TURN = 0.2  # seconds


class OneThread(ASGIHandler):
    """Django's handler with the whole chain, middleware and view, run in one thread by one switch.

    All of it is synchronous code. The stock handler would run the chain in the event loop and
    switch to a thread and back for each middleware that has a hook, eight times a request.

    Few requests are worked on at a time. Python runs one thread of them anyway; the more there are, the longer
    each waits for it between two statements, and whoever holds a project's lock meanwhile keeps all others waiting.
    """

    def __init__(self) -> None:
        super().__init__()
        # By event loop: a process has one, tests have several.
        self.turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        async with self.turn():
            return await sync_to_async(self.get_response)(request)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One of the few; who takes long (a forge is asked, a file is read) gives it on meanwhile."""
        loop = asyncio.get_running_loop()
        turns = self.turns.setdefault(loop, asyncio.Semaphore(TURNS))
        await turns.acquire()
        given_on = loop.call_later(LONGEST_TURN, turns.release)
        try:
            yield
        finally:
            if given_on.when() > loop.time():
                given_on.cancel()
                turns.release()


def guard(headers: Headers, path: str, url: str) -> None:
    """What Django's middleware sets elsewhere: a static file is only what it says, and only for our pages."""
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"


def http_application() -> Application:
    """Collected files from memory in production, the source tree's while DEBUG is on."""
    django = Bounded(BoundedBodies(OneThread(), largest_file=settings.LARGEST_FILE))
    if settings.DEBUG:
        return ASGIStaticFilesHandler(django)  # type: ignore[arg-type]  # it asks no more of it than ASGI
    served: Application = ServeStaticASGI(
        django, settings.STATIC_ROOT, settings.STATIC_URL, allow_all_origins=False, add_headers_function=guard
    )
    return served
