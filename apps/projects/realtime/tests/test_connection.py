"""What waits for a browser that reads slowly is bounded."""

import asyncio
import uuid

import pytest

from apps.projects.realtime import feed

pytestmark = [pytest.mark.req("E5", "FLT-26")]


@pytest.fixture
def sent() -> list[str]:
    return []


@pytest.fixture
def connection(sent, monkeypatch) -> feed.Connection:
    monkeypatch.setattr(feed, "QUEUE_BYTES", 10)

    async def send(text: str) -> None:
        sent.append(text)

    async def close(code: int) -> None:
        """Nobody asks for it here."""

    return feed.Connection(user_id=1, session_id=uuid.uuid4(), language="en", epoch="", seq=0, send=send, close=close)


def test_queue_is_bounded_in_bytes(connection):
    assert [connection.enqueue(text) for text in ("123456", "12345", "1234", "1")] == [True, False, True, False]


async def test_sent_frames_leave_their_bytes_to_others(connection, sent):
    for _ in range(3):
        assert connection.enqueue("1234567890")
        connection.flush()
    assert len(sent) == 3  # at once: no task had to be woken


async def test_what_a_slow_browser_is_sent_waits_in_its_order(connection, sent):
    reads = asyncio.Event()

    async def send(text: str) -> None:
        await reads.wait()
        sent.append(text)

    connection.send = send
    for text in "123":
        assert connection.enqueue(text)
        connection.flush()
    assert (sent, list(connection.queue)) == ([], ["2", "3"])
    reads.set()
    await connection.writer
    assert sent == ["1", "2", "3"]


async def test_socket_that_fails_takes_no_more_and_raises_nothing(connection):
    async def send(text: str) -> None:
        raise RuntimeError("gone")

    connection.send = send
    assert connection.enqueue("1")
    connection.flush()
    assert connection.writer.exception() is None
