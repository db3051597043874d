"""The door in front of Django: static files, and one thread for all of a request."""

import threading

import httpx
from django.http import HttpRequest, HttpResponse
from django.urls import path

from teamboard import http


def client(application) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://127.0.0.1")


def which_thread(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.seen_in} {threading.get_ident()}")


urlpatterns = [path("thread/", which_thread)]


class Noting:
    """A middleware that remembers in which thread it ran."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.seen_in = threading.get_ident()
        return self.get_response(request)


async def test_middleware_and_view_share_one_thread_off_the_event_loop(settings):
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [f"{__name__}.Noting"]
    async with client(http.OneThread()) as browser:
        middleware, view = (await browser.get("/thread/")).text.split()
    assert middleware == view != str(threading.get_ident())


async def test_a_collected_file_is_guarded_and_kept_for_ever_when_its_name_has_its_hash(settings, tmp_path):
    (tmp_path / "page.0123456789ab.js").write_text("let it = 1;")
    (tmp_path / "page.js").write_text("let it = 1;")
    settings.STATIC_ROOT, settings.DEBUG = tmp_path, False
    async with client(http.http_application()) as browser:
        hashed, plain = [await browser.get(f"/static/{name}") for name in ("page.0123456789ab.js", "page.js")]
    assert "immutable" in hashed.headers["Cache-Control"]
    assert "immutable" not in plain.headers["Cache-Control"]
    for answer in (hashed, plain):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in answer.headers
