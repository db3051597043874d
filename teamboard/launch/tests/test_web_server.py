"""The web process as it is started: whom it believes about addresses, and that the image starts it alike."""

import http.client
import subprocess
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings

from bench.processes import wait_until
from teamboard.launch import ports, web_server

SAID_BY_A_PROXY = {"Host": "board.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}


@pytest.fixture
def served(monkeypatch) -> Iterator[Callable[[str], int]]:
    """Start the web process with these TRUSTED_PROXIES and say its port."""
    started: list[subprocess.Popen] = []

    def serve(proxies: str) -> int:
        monkeypatch.setenv("PUBLIC_URL", "https://board.example")
        monkeypatch.setenv("TRUSTED_PROXIES", proxies)
        port = ports.any_free()
        started.append(subprocess.Popen(web_server.command(ports.HOST, port)))
        wait_until(lambda: answers(port), "the web process answers", 30)
        return port

    yield serve
    for process in started:
        process.terminate()
        process.wait(10)


def answers(port: int) -> bool:
    try:
        return get(port, "/healthz", {}).status == 200
    except OSError:
        return False


def get(port: int, path: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(ports.HOST, port, timeout=5)
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


@pytest.mark.req("S8")
@pytest.mark.parametrize(
    ("proxies", "goes_to"),
    [
        ("", "https://board.example/projects/"),  # nobody is believed: still plain HTTP, so up to HTTPS
        ("198.51.100.1", "https://board.example/projects/"),  # somebody else is
        ("127.0.0.1", "/accounts/sign-in/?next=/projects/"),
    ],
)
def test_a_proxy_is_believed_when_it_is_listed(served, proxies, goes_to):
    answer = get(served(proxies), "/projects/", SAID_BY_A_PROXY)
    assert answer.headers["Location"] == goes_to


def test_the_image_starts_it_with_the_same_options():
    dockerfile = (settings.BASE_DIR / "Dockerfile").read_text()
    written = dockerfile.replace('"', "").replace("\\\n", "").replace(",", " ").split()
    assert all(option in written for option in web_server.OPTIONS)
