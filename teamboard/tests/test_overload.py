import asyncio

import httpx
import pytest
from asgiref.testing import ApplicationCommunicator

from teamboard.overload import Bounded
from teamboard.tests.test_hardening import check_headers

pytestmark = pytest.mark.req("S7")


async def slow(scope, receive, send):
    await asyncio.sleep(0.2)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def status(application, path="/"):
    one = ApplicationCommunicator(application, {"type": "http", "path": path})
    answer = await one.receive_output(timeout=2)
    await one.receive_output(timeout=2)
    await one.wait()
    return answer["status"], dict(answer["headers"])


async def test_what_is_too_much_is_turned_away_at_once_and_later_let_in():
    application = Bounded(slow, limit=2)
    answers = await asyncio.gather(*(status(application) for _ in range(5)))
    assert sorted(code for code, _ in answers) == [200, 200, 503, 503, 503]
    assert all(headers[b"retry-after"] for code, headers in answers if code == 503)
    assert (await status(application))[0] == 200


async def test_a_busy_process_still_says_that_it_lives():
    application = Bounded(slow, limit=0)
    assert (await status(application, "/healthz"))[0] == 200
    assert (await status(application, "/projects/"))[0] == 503


@pytest.mark.req("S2")
async def test_who_is_turned_away_gets_every_header_all_the_same():
    transport = httpx.ASGITransport(Bounded(slow, limit=0))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as browser:
        answer = await browser.get("/projects/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "very busy" in answer.text
    check_headers(answer.headers)
