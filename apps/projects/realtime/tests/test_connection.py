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
    writer = asyncio.create_task(connection.write())
    for _ in range(3):
        assert connection.enqueue("1234567890")
        await asyncio.sleep(0.01)
    writer.cancel()
    assert len(sent) == 3
