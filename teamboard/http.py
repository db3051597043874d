"""HTTP: static files are answered in front of Django, and Django in one thread a request."""

from wsgiref.headers import Headers

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponseBase
from servestatic import ServeStaticASGI

from teamboard.overload import Bounded, BoundedBodies


class OneThread(ASGIHandler):
    """Django's handler with the whole chain, middleware and view, run in one thread by one switch.

    All of it is synchronous code. The stock handler would run the chain in the event loop and
    switch to a thread and back for each middleware that has a hook, eight times a request.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response)(request)


def guard(headers: Headers, path: str, url: str) -> None:
    """What Django's middleware sets elsewhere: a static file is only what it says, and only for our pages."""
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"


def http_application():
    """Collected files from memory in production, the source tree's while DEBUG is on."""
    django = Bounded(BoundedBodies(OneThread(), largest_file=settings.LARGEST_FILE))
    if settings.DEBUG:
        return ASGIStaticFilesHandler(django)
    return ServeStaticASGI(
        django, settings.STATIC_ROOT, settings.STATIC_URL, allow_all_origins=False, add_headers_function=guard
    )
