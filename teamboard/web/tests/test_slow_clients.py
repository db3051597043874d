"""Clients that are slow on purpose, or by their line, before the web process as it is started."""

import resource
import select
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Self

import pytest

from bench.processes import wait_until
from teamboard.launch import ports
from teamboard.web import slow_clients
from teamboard.web.tests.web_process import WebProcess

pytestmark = [pytest.mark.req("FLT-35"), pytest.mark.django_db]
SIGN_IN = "/accounts/sign-in/"
HALF_HEAD = b"GET /accounts/sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-"
HALF_BODY = b"POST /accounts/sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4096\r\n\r\nna"
PIECES = b"POST /api/v1/projects/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n"
FILE = b"GET /static/fonts/literata-latin-wght-italic.woff2 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


# Patience is short, so that no test waits for long, and little is buffered for a client that does not read.
CHANGES = """
import socket
from teamboard.web import slow_clients
vars(slow_clients).update(HEAD_SECONDS=1.5, BODY_SECONDS=2.0, SILENT_SECONDS=2.0, ANSWER_SECONDS=2.0)

class SmallBuffers(slow_clients.DeadlineProtocol):
    def connection_made(self, transport):
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        super().connection_made(transport)

from teamboard.web import server
server.DeadlineProtocol = SmallBuffers
server.OPTIONS["timeout_keep_alive"] = 3
"""


@pytest.fixture(scope="module")
def web(django_db_setup, django_db_blocker) -> Iterator[WebProcess]:
    with django_db_blocker.unblock(), WebProcess(CHANGES) as process:
        yield process


@pytest.fixture
def opened(web) -> Iterator:
    sockets: list[socket.socket] = []

    def open_one(first: bytes = b"") -> socket.socket:
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.settimeout(20)
        one.connect((ports.HOST, web.port))
        sockets.append(one)
        one.sendall(first)
        return one

    yield open_one
    for one in sockets:
        one.close()


def all_of(one: socket.socket) -> bytes:
    """What comes until the other side closes; a reset is a close."""
    read = b""
    with suppress(ConnectionError):
        while piece := one.recv(65536):
            read += piece
    return read


def trickle(one: socket.socket, seconds: float) -> bytes:
    """A byte now and then, until it is closed; what was answered."""
    ends = time.monotonic() + seconds
    with suppress(ConnectionError):
        while time.monotonic() < ends:
            one.sendall(b"a")
            if select.select([one], [], [], 0.2)[0]:
                return all_of(one)
    raise AssertionError("It is still open")


def is_reset(one: socket.socket) -> bool:
    try:
        one.sendall(b"\r\n")
    except ConnectionError:
        return True
    return False


def test_half_sent_bodies_keep_nobody_out(web, opened):
    """64 were all the requests that there may be at once."""
    for _ in range(150):
        opened(HALF_BODY)
    assert {web.get("/accounts/sign-in/").status for _ in range(20)} == {200}


@pytest.mark.parametrize("begun", [HALF_HEAD, HALF_BODY], ids=["head", "body"])
def test_trickle_ends_at_deadline(opened, begun):
    assert b" 408 " in trickle(opened(begun), 8)


def test_silent_connection_ends_at_deadline(opened):
    assert all_of(opened()) == b""


@pytest.mark.parametrize("begun", [HALF_HEAD, HALF_BODY], ids=["head", "body"])
def test_half_sent_request_ends_at_deadline(opened, begun):
    answer = all_of(opened(begun))
    assert b" 408 " in answer
    assert b"x-content-type-options" in answer
    assert answer.endswith(f"{slow_clients.TOO_SLOW}\n".encode())


def test_slow_body_at_api_is_a_problem(opened):
    answer = all_of(opened(PIECES))
    assert b" 408 " in answer
    assert b"application/problem+json" in answer


def test_trickle_between_pieces_ends_at_deadline(opened):
    """The lengths of pieces and what stands behind them are not the body."""
    assert b" 408 " in trickle(opened(PIECES.removesuffix(b"1\r\n") + b"1;x="), 8)


def test_trickle_on_kept_connection_ends_at_deadline(opened):
    kept = opened(WHOLE)
    assert b" 200 " in kept.recv(65536)
    kept.sendall(HALF_HEAD)
    assert b" 408 " in trickle(kept, 8)


def test_endless_head_is_refused(opened):
    one = opened(HALF_HEAD)
    with suppress(ConnectionError):
        for _ in range(64):
            one.sendall(b"a" * 4096)
    assert b" 431 " in all_of(one)


@pytest.mark.parametrize("files", [1, 6], ids=["less than is buffered", "more"])
def test_answer_that_is_not_read_is_given_up(opened, files):
    """The client asks for files and takes none: the connection is aborted, whether or not all of them were written."""
    one = opened(FILE * files)
    wait_until(lambda: is_reset(one), "it is closed", 60)


def test_many_requests_without_waiting_are_too_many(opened):
    """No browser does it, and each of them is kept until its turn."""
    one = opened(WHOLE * 500)
    assert all_of(one).count(b"HTTP/1.1 200") <= 64


def test_request_after_refusal_is_not_done(web, opened):
    """What comes behind a 408 is nobody's request any more."""
    one = opened(HALF_BODY)
    assert all_of(one).count(b"HTTP/1.1 ") == 1


@pytest.fixture(scope="module")
def patient_web(django_db_setup, django_db_blocker) -> Iterator[WebProcess]:
    with django_db_blocker.unblock(), WebProcess() as process:
        yield process


@pytest.mark.skipif(sys.platform != "linux", reason="127.0.0.2 is an address of its own on Linux alone")
@pytest.mark.parametrize("addresses", [1, 50])
def test_thousand_slow_connections_slow_nobody(patient_web, addresses):
    """Half of them trickle heads, half bodies: others wait less than twice as long as they do without."""
    web = patient_web
    with most_files(2500), ExitStack() as stack:
        web.p95(SIGN_IN, 30)  # warm
        rounds = []
        for _ in range(5):
            before = web.p95(SIGN_IN, 120)
            slow = stack.enter_context(Trickle(web.port, 1000, addresses))
            during = web.p95(SIGN_IN, 120)
            assert slow.opened == 1000
            stack.close()
            rounds.append(during / max(before, web.p95(SIGN_IN, 120)))
            if rounds[-1] < 2:
                return
        pytest.fail(f"p95 with them, of that without: {rounds}")


def test_limit_counts_whom_a_proxy_brings(django_db_setup, django_db_blocker):
    """All come from one address, the proxy's; of one person too many are closed, of two of them none."""
    changes = "from teamboard.web import waiting_connections as w; w.GRACE_SECONDS = 0.5\n"
    changes += "w.WaitingConnections.__init__.__defaults__ = (4, 10**9)"
    with django_db_blocker.unblock(), WebProcess(changes, TRUSTED_PROXIES=ports.HOST) as web, ExitStack() as stack:

        def bring(person: str) -> socket.socket:
            one = stack.enter_context(socket.create_connection((ports.HOST, web.port), timeout=20))
            one.sendall(
                HALF_BODY.replace(b"Content-Length", b"X-Forwarded-For: %s\r\nContent-Length" % person.encode())
            )
            return one

        many = [bring(f"192.0.2.{n}") for n in range(12)]
        of_one = [bring("198.51.100.7") for _ in range(6)]
        wait_until(lambda: len(select.select(of_one, [], [], 0)[0]) == 2, "two of one person are closed", 60)
        assert select.select(many, [], [], 0)[0] == []


class Trickle:
    """Connections that send a byte a second; those that are closed are opened anew."""

    def __init__(self, port: int, count: int, addresses: int) -> None:
        self.port, self.count, self.addresses = port, count, addresses
        self.stop = threading.Event()
        self.opened = 0

    def __enter__(self) -> Self:
        self.sockets = [self.open(n) for n in range(self.count)]
        self.thread = threading.Thread(target=self.go_on)
        self.thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop.set()
        self.thread.join()
        for one in self.sockets:
            one.close()

    def open(self, n: int) -> socket.socket:
        source = f"127.0.0.{2 + n % self.addresses}"
        one = socket.create_connection((ports.HOST, self.port), timeout=20, source_address=(source, 0))
        one.sendall((HALF_HEAD, HALF_BODY)[n % 2])
        self.opened += 1
        return one

    def go_on(self) -> None:
        while not self.stop.wait(1):
            for n, one in enumerate(self.sockets):
                try:
                    one.sendall(b"a")
                except OSError:
                    one.close()
                    self.sockets[n] = self.open(n)


@contextmanager
def most_files(wanted: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(wanted, hard)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
