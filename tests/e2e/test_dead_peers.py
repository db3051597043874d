"""A browser that vanished without a word: nothing closes its connection but our own question."""

import base64
import os
import socket
import time

import pytest
from django.conf import settings

from tests.e2e.conftest import Product, session_of


@pytest.fixture
def impatient(product: Product) -> Product:
    """The same server, asking every three seconds instead of every twenty."""
    product.close()
    product.open(ws_ping_interval=3, ws_ping_timeout=3)
    return product


@pytest.mark.req("E8")
def test_a_silent_browser_is_let_go_although_we_send_to_it(impatient, ana):
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=60) as silent:
        silent.sendall(upgrade(impatient.url, session_of(ana)))
        began, received = time.monotonic(), b""
        while chunk := silent.recv(4096):  # it reads, and answers no ping
            received += chunk
        assert b"101 Switching Protocols" in received
        assert b'"head"' in received  # we had something to say, which must not count as a sign of life
        assert time.monotonic() - began < 30  # of uvicorn's own 20 and 20 it would be 40


def upgrade(origin: str, session: str) -> bytes:
    lines = [
        "GET /ws/projects/TIDE/?since=0 HTTP/1.1",
        f"Host: {origin.removeprefix('http://')}",
        f"Origin: {origin}",
        f"Cookie: {settings.SESSION_COOKIE_NAME}={session}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()
