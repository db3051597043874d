"""HTTP: static files are answered in front of Django, and Django in one thread a request."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from typing import IO, Any
from weakref import WeakKeyDictionary
from wsgiref.headers import Headers

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from servestatic import ServeStaticASGI

from teamboard.web.error_pages import disk_full_response, is_disk_full
from teamboard.web.overload import HEADERS, Application, Bounded, BoundedBodies

log = logging.getLogger(__name__)
TURNS = 3
LONGEST_TURN = 0.2  # seconds
# As Django's handler takes them.
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class BodyNotKept(Exception):
    """The body of a request found no room on the disk."""


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

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().handle(scope, receive, send)
        except BodyNotKept:
            await self.refuse_body(scope, send)

    async def read_body(self, receive: Receive) -> IO[bytes]:
        """What is larger than a form waits in a file, which a full disk does not take."""
        try:
            return await super().read_body(receive)
        except OSError as error:
            if is_disk_full(error):
                raise BodyNotKept from error
            raise

    async def refuse_body(self, scope: Scope, send: Send) -> None:
        """No middleware is reached. The rest of the body is not read, so the connection ends."""
        request = self.request_class(scope, BytesIO())
        with translation.override(translation.get_language_from_request(request)):
            response = disk_full_response(request)
        for name, value in ({**HEADERS, "Connection": "close"}).items():
            response.headers.setdefault(name, value)
        log.error("A body could not be kept: the disk is full", extra={"path": request.path})
        await self.send_response(response, send)

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
