import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from asgiref.testing import ApplicationCommunicator
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from apps.rest.problems import MEDIA_TYPE
from teamboard.web import handler
from teamboard.web.overload import MOST_BYTES, Bounded
from teamboard.web.tests.test_hardening import check_headers

pytestmark = pytest.mark.req("S7")


@csrf_exempt
def length(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(sum(len(file.read()) for file in request.FILES.values()) or len(request.read())))


urlpatterns = [path("length/", length)]


async def slow(scope, receive, send):
    await asyncio.sleep(0.2)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def status(application, path="/"):
    one = ApplicationCommunicator(application, {"type": "http", "path": path})
    answer = await one.receive_output(timeout=60)
    await one.receive_output(timeout=60)
    await one.wait()
    return answer["status"], dict(answer["headers"])


async def test_overload_is_refused_at_once_and_let_in_later():
    application = Bounded(slow, limit=2)
    answers = await asyncio.gather(*(status(application) for _ in range(5)))
    assert sorted(code for code, _ in answers) == [200, 200, 503, 503, 503]
    assert all(headers[b"retry-after"] for code, headers in answers if code == 503)
    assert (await status(application))[0] == 200


async def test_a_busy_process_still_says_that_it_lives():
    application = Bounded(slow, limit=0)
    assert (await status(application, "/healthz"))[0] == 200
    assert (await status(application, "/projects/"))[0] == 503


async def reads(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await slow(scope, receive, send)


def asking(application, address: str = "192.0.2.1", **headers: str) -> ApplicationCommunicator:
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "path": "/", "headers": lines, "client": (address, 1)}
    return ApplicationCommunicator(application, scope)


async def start_of(one: ApplicationCommunicator) -> int:
    answer = await one.receive_output(timeout=60)
    await one.receive_output(timeout=60)
    await one.wait()
    return answer["status"]


@pytest.mark.req("FLT-35")
@pytest.mark.parametrize("headers", [{"content_length": "2"}, {"transfer_encoding": "chunked"}])
async def test_request_counts_when_its_body_is_there(headers):
    application = Bounded(reads, limit=1)
    waiting = [asking(application, **headers) for _ in range(5)]
    for one in waiting:
        await one.send_input({"type": "http.request", "body": b"x", "more_body": True})
    other = asking(application)
    await other.send_input({"type": "http.request", "body": b""})
    assert await start_of(other) == 200
    for one in waiting[:2]:
        await one.send_input({"type": "http.request", "body": b"x"})
    assert sorted([await start_of(one) for one in waiting[:2]]) == [200, 503]
    assert not application.in_flight


@pytest.mark.req("FLT-35")
async def test_request_counts_no_more_when_its_answer_begins():
    is_read = asyncio.Event()

    async def streams(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await is_read.wait()
        await send({"type": "http.response.body", "body": b""})

    application = Bounded(streams, limit=1)
    slow_reader, other = asking(application), asking(application)
    assert [(await one.receive_output(timeout=60))["status"] for one in (slow_reader, other)] == [200, 200]
    is_read.set()
    for one in (slow_reader, other):
        await one.wait()


@pytest.mark.req("FLT-35")
async def test_address_leaves_room_for_others():
    application = Bounded(slow, limit=4)
    ours = [asking(application, "192.0.2.1") for _ in range(6)]
    others = [asking(application, "192.0.2.2"), asking(application, "192.0.2.3")]
    codes = await asyncio.gather(*map(start_of, [*ours, *others]))
    assert sorted(codes[:6]) == [200, 200, 200, 503, 503, 503]
    assert sorted(codes[6:]) == [200, 503]  # the four that there are


@pytest.mark.req("S2")
async def test_who_is_turned_away_gets_every_header_all_the_same():
    transport = httpx.ASGITransport(Bounded(slow, limit=0))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as browser:
        answer = await browser.get("/projects/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "very busy" in answer.text
    check_headers(answer.headers)


@pytest.fixture
def door(settings, tmp_path) -> httpx.AsyncClient:
    settings.ROOT_URLCONF, settings.MIDDLEWARE, settings.STATIC_ROOT = __name__, [], tmp_path
    return httpx.AsyncClient(transport=httpx.ASGITransport(handler.http_application()), base_url="http://127.0.0.1")


async def in_pieces(size: int) -> AsyncIterator[bytes]:
    """Without a length, as a program sends what it has not counted."""
    for _ in range(size // 1024):
        yield b"x" * 1024


@pytest.mark.req("S3")
async def test_a_body_up_to_the_limit_is_taken(door):
    assert (await door.post("/length/", content=b"x" * MOST_BYTES)).text == str(MOST_BYTES)
    assert (await door.post("/length/", content=in_pieces(MOST_BYTES))).text == str(MOST_BYTES)


@pytest.mark.req("S3")
async def test_a_longer_one_is_413_with_or_without_a_length(door):
    answers = [
        await door.post("/length/", content=b"x" * (MOST_BYTES + 1)),
        await door.post("/length/", files={"file": b"x" * MOST_BYTES}),
        await door.post("/length/", content=in_pieces(MOST_BYTES + 1024)),
    ]
    for answer in answers:
        assert answer.status_code == 413
        assert "more than can be taken" in answer.text
        check_headers(answer.headers)


@pytest.mark.req("S3")
async def test_at_the_api_it_is_a_problem(door):
    answer = await door.post("/api/v1/projects/", content=b"x" * (MOST_BYTES + 1))
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, MEDIA_TYPE)
    assert answer.json()["code"] == "too_large"


@pytest.mark.req("S3")
async def test_body_length_too_large_is_refused_before_it_is_sent(door):
    sent = []

    async def body() -> AsyncIterator[bytes]:
        sent.append("a piece")
        yield b"x"

    answer = await door.post("/length/", content=body(), headers={"Content-Length": str(10**10)})
    assert (answer.status_code, sent) == (413, [])
