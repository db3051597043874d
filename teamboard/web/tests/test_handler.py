"""The door in front of Django: static files, and one thread for all of a request."""

import asyncio
import threading
import time
from typing import IO
from unittest import mock

import httpx
import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path

from teamboard.web import handler


def client(application) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://127.0.0.1")


def which_thread(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.seen_in} {threading.get_ident()}")


at_work, most_at_work, is_over = [], [], threading.Event()


def work(request: HttpRequest) -> HttpResponse:
    at_work.append(request)
    most_at_work.append(len(at_work))
    time.sleep(0.02)
    at_work.remove(request)
    return HttpResponse()


def wait(request: HttpRequest) -> HttpResponse:
    """As for a forge that does not answer."""
    return HttpResponse(str(is_over.wait(60)))


urlpatterns = [path("thread/", which_thread), path("work/", work), path("wait/", wait)]


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
    async with client(handler.OneThread()) as browser:
        middleware, view = (await browser.get("/thread/")).text.split()
    assert middleware == view != str(threading.get_ident())


async def test_few_requests_are_worked_on_at_a_time(settings, monkeypatch):
    settings.ROOT_URLCONF, settings.MIDDLEWARE = __name__, []
    monkeypatch.setattr(handler, "LONGEST_TURN", 60)  # on a busy machine the work itself may take longer than a turn
    most_at_work.clear()
    async with client(handler.OneThread()) as browser:
        answers = await asyncio.gather(*(browser.get("/work/") for _ in range(12)))
    assert {answer.status_code for answer in answers} == {200}
    assert max(most_at_work) == handler.TURNS


def test_another_event_loop_has_its_own_turns(settings):
    settings.ROOT_URLCONF, settings.MIDDLEWARE = __name__, []
    application = handler.OneThread()

    async def ask_many() -> set[int]:
        async with client(application) as browser:
            return {answer.status_code for answer in await asyncio.gather(*(browser.get("/work/") for _ in range(8)))}

    assert [asyncio.run(ask_many()) for _ in range(2)] == [{200}, {200}]


async def test_those_who_wait_for_something_keep_nobody_waiting(settings, monkeypatch):
    settings.ROOT_URLCONF, settings.MIDDLEWARE = __name__, []
    is_over.clear()
    async with client(handler.OneThread()) as browser:
        waiting = [asyncio.create_task(browser.get("/wait/")) for _ in range(handler.TURNS * 3)]
        await asyncio.sleep(0.05)
        assert (await browser.get("/work/")).status_code == 200
        is_over.set()
        assert {answer.text for answer in await asyncio.gather(*waiting)} == {"True"}
        most_at_work.clear()
        monkeypatch.setattr(handler, "LONGEST_TURN", 60)
        await asyncio.gather(*(browser.get("/work/") for _ in range(12)))
    assert max(most_at_work) == handler.TURNS


async def test_static_file_with_hash_is_kept_for_ever(settings, tmp_path):
    (tmp_path / "page.0123456789ab.js").write_text("let it = 1;")
    (tmp_path / "page.js").write_text("let it = 1;")
    settings.STATIC_ROOT, settings.DEBUG = tmp_path, False
    async with client(handler.http_application()) as browser:
        hashed, plain = [await browser.get(f"/static/{name}") for name in ("page.0123456789ab.js", "page.js")]
    assert "immutable" in hashed.headers["Cache-Control"]
    assert "immutable" not in plain.headers["Cache-Control"]
    for answer in (hashed, plain):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in answer.headers


def full_disk(*args, **more) -> IO[bytes]:
    """As the kernel has one for everybody: opened as ever, and no byte fits into it."""
    return open("/dev/full", "r+b", buffering=0)


@pytest.mark.req("FLT-34")
@pytest.mark.parametrize(
    ("path", "accept", "kind"),
    [
        ("/thread/", "text/html", "text/plain; charset=utf-8"),
        ("/thread/", "application/json", "application/json"),
        ("/api/v1/rooms/1/files/", "*/*", "application/problem+json"),
    ],
)
async def test_body_that_finds_no_room_on_the_disk_is_refused(settings, path, accept, kind):
    """What does not fit into memory waits in a file."""
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    with mock.patch("tempfile.TemporaryFile", full_disk):
        async with client(handler.OneThread()) as browser:
            headers = {"Accept": accept, "Accept-Language": "ru"}
            answer = await browser.post(path, content=b"x" * 100, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (507, kind)
    text = str(answer.json()) if "json" in kind else answer.text
    assert "Диск сервера заполнен" in text
    assert answer.headers["x-content-type-options"] == "nosniff"
