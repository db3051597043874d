"""The web process as it is started: whom it believes about addresses, and that the image starts it alike."""

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from bench.processes import wait_until
from teamboard.launch import ports, web_server
from teamboard.web import server

SAID_BY_A_PROXY = {"Host": "board.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}


@pytest.fixture
def served(monkeypatch, transactional_db) -> Iterator[Callable[[str], int]]:
    """Start the web process with these TRUSTED_PROXIES and say its port; on the database of the tests."""
    started: list[subprocess.Popen] = []
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    monkeypatch.setenv("DATABASE_URL", address.geturl())

    def serve(proxies: str) -> int:
        monkeypatch.setenv("PUBLIC_URL", "https://board.example")
        monkeypatch.setenv("TRUSTED_PROXIES", proxies)
        port = ports.any_free()
        started.append(subprocess.Popen(web_server.command(ports.HOST, port)))
        wait_until(lambda: answers(port), "the web process answers", 30)
        return port

    serve.started = started
    yield serve
    for process in started:
        process.terminate()
        process.terminate()
        process.wait(30)


def answers(port: int) -> bool:
    try:
        return get(port, "/healthz", {}).status == 200
    except OSError:
        return False


def get(port: int, path: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    asked = http.client.HTTPConnection(ports.HOST, port, timeout=60)
    asked.request("GET", path, headers=headers)
    return asked.getresponse()


def status(kept: http.client.HTTPConnection, path: str) -> int:
    kept.request("GET", path)
    answer = kept.getresponse()
    answer.read()
    return answer.status


@pytest.mark.req("S8")
@pytest.mark.parametrize(
    ("proxies", "goes_to"),
    [
        ("", None),  # nobody is believed: still plain HTTP, and sent to HTTPS it would go in circles
        ("198.51.100.1", None),  # somebody else is
        ("127.0.0.1", "/accounts/sign-in/?next=/projects/"),
    ],
)
def test_a_proxy_is_believed_when_it_is_listed(served, proxies, goes_to):
    answer = get(served(proxies), "/projects/", SAID_BY_A_PROXY)
    assert answer.headers["Location"] == goes_to


def test_image_starts_the_same_module():
    command = (settings.BASE_DIR / "Dockerfile").read_text().partition("CMD ")[2]
    assert json.loads(command)[1:] == web_server.command("0.0.0.0", 8000)[1:]


@pytest.mark.req("FLT-8")
def test_stop_drains_before_it_ends(served, monkeypatch):
    """Not ready at once, answering for DRAIN_SECONDS, also on a connection that was kept, then gone."""
    monkeypatch.setenv("DRAIN_SECONDS", "8")
    port = served("")
    kept = http.client.HTTPConnection(ports.HOST, port, timeout=60)
    assert status(kept, "/readyz") == 200
    process = served.started[-1]
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    wait_until(lambda: get(port, "/readyz", {}).status == 503, "it says that it is not ready", 60)
    assert status(kept, "/healthz") == 200
    assert get(port, "/accounts/sign-in/", {}).status in (200, 301)
    process.wait(60)
    assert time.monotonic() - began >= 8
    with pytest.raises(ConnectionRefusedError):
        get(port, "/healthz", {})


@pytest.mark.req("FLT-8")
def test_second_stop_ends_drain(served, monkeypatch):
    monkeypatch.setenv("DRAIN_SECONDS", "60")
    port = served("")
    process = served.started[-1]
    process.send_signal(signal.SIGTERM)
    wait_until(lambda: get(port, "/readyz", {}).status == 503, "it says that it is not ready", 60)
    process.send_signal(signal.SIGTERM)
    process.wait(50)  # less than DRAIN_SECONDS


@pytest.mark.req("FLT-8")
def test_idle_connection_outlives_that_of_a_proxy(served):
    """uvicorn's own 5 seconds are over, and nginx keeps one for 60."""
    kept = http.client.HTTPConnection(ports.HOST, served(""), timeout=60)
    assert status(kept, "/healthz") == 200
    time.sleep(6.5)
    assert status(kept, "/healthz") == 200
    assert server.OPTIONS["timeout_keep_alive"] >= 75
