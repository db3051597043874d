"""What many sockets are sent is made into bytes once, and they are the bytes that uvicorn makes."""

import asyncio
from unittest.mock import Mock

import pytest
import uvicorn
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from teamboard.web.server import OPTIONS
from teamboard.web.websocket_protocol import SharedBytesProtocol

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@pytest.fixture
async def open_socket():
    opened = []

    async def application(_scope, _receive, send):
        await send({"type": "websocket.accept"})
        await asyncio.Event().wait()

    async def open_one(kind=SharedBytesProtocol):
        config = uvicorn.Config(application, **OPTIONS | {"ws": kind})
        config.load()
        one = kind(config, ServerState(), {})
        one.connection_made(Mock(is_closing=lambda: False, get_extra_info=lambda _name: None))
        one.data_received(UPGRADE)
        while not one.handshake_complete:
            await asyncio.sleep(0)
        one.transport.write.reset_mock()
        opened.append(one)
        return one

    yield open_one
    for one in opened:
        one.stop_keepalive()
        for task in one.tasks:
            task.cancel()


async def sent(one, text):
    await one.send({"type": "websocket.send", "text": text})
    [[written]] = [call.args for call in one.transport.write.mock_calls]
    return written


@pytest.mark.parametrize("length", [1, 200, 70_000])
async def test_text_for_many_sockets_is_the_same_bytes_object(open_socket, length):
    text = "ж" * length
    first = await sent(await open_socket(), text)
    assert await sent(await open_socket(), text) is first
    assert await sent(await open_socket(WebSocketsSansIOProtocol), text) == first


async def test_text_waits_for_a_browser_that_does_not_read(open_socket):
    one = await open_socket()
    one.pause_writing()
    sending = asyncio.create_task(sent(one, "later"))
    await asyncio.sleep(0)
    assert not one.transport.write.mock_calls
    one.resume_writing()
    assert (await sending).endswith(b"later")


async def test_text_for_a_browser_that_is_gone_is_refused(open_socket):
    one = await open_socket()
    one.connection_lost(OSError())
    with pytest.raises(ClientDisconnected):
        await sent(one, "too late")
