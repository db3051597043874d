"""Where `make run` listens and what it believes to be its address: IPv4, IPv6, all, one of a network."""

import socket

import pytest

from teamboard.launch import ports
from teamboard.launch.tests.test_up import Board, answers

pytestmark = pytest.mark.req("FLT-7")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8123"),
        ("0.0.0.0", "http://127.0.0.1:8123"),
        ("::", "http://[::1]:8123"),
        ("::1", "http://[::1]:8123"),
        ("192.168.7.7", "http://192.168.7.7:8123"),
        ("fd00::7", "http://[fd00::7]:8123"),
        ("board.local", "http://board.local:8123"),
    ],
)
def test_address_reaches_what_listens_on_host(host, url):
    assert ports.url(host, 8123) == url


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::"])
def test_taken_port_is_seen_on_its_host(host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as taken:
        port = taken.getsockname()[1]
        sockets = ports.listening(port, host)
        assert ports.port_of(sockets) != port
        ports.close(sockets)


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid"])
def test_address_of_another_machine_is_refused(host):
    with pytest.raises(OSError, match=r"."):
        ports.listening(8123, host)


def test_banner_comes_with_allowed_hosts_and_host(tmp_path, monkeypatch):
    """And the board answers at the banner's address, which nobody has named in ALLOWED_HOSTS."""
    address = "[::1]"
    monkeypatch.setenv("HOST", "::")
    monkeypatch.setenv("ALLOWED_HOSTS", "board.example")
    monkeypatch.setenv("EMPTY", "1")
    port = ports.any_free()
    board = Board(tmp_path / "data", port)
    try:
        assert board.wait_for(r"Open +(http\S+)") == f"http://{address}:{port}"
        assert answers(f"http://{address}:{port}/readyz")
        assert answers(f"http://{address}:{port}/accounts/sign-in/")
        assert "Traceback" not in board.printed
    finally:
        board.stop()
