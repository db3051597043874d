"""Boards that are started together, and ports that others want meanwhile."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from django.conf import settings

from teamboard.launch import ports
from teamboard.launch.tests.test_up import Board, answers, environment, running_below

pytestmark = pytest.mark.req("FLT-1")
TOGETHER = 8
SECONDS = 900  # eight first starts on a machine with two busy cores


class MadeBoard(Board):
    """`make run`, in a process group of its own, which a Ctrl-C reaches as it does in a terminal."""

    patience = SECONDS

    def __init__(self, folder: Path, port: int, **more: str) -> None:
        self.process = subprocess.Popen(
            ["make", "run"],
            cwd=settings.BASE_DIR,
            env=environment(folder, PORT=str(port), EMPTY="1", **more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.printed = ""
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def stop(self) -> int:
        os.killpg(self.process.pid, signal.SIGINT)
        code = self.process.wait(120)
        self.reader.join()
        return code


@pytest.fixture
def started(tmp_path) -> Iterator[list[Board]]:
    boards: list[Board] = []
    yield boards
    for board in boards:
        if board.process.poll() is None:
            board.stop()


def signs_in(url: str, password: str) -> bool:
    """As the owner, with the form that the page has."""
    jar = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = browser.open(f"{url}/accounts/sign-in/", timeout=60).read().decode()
    fields = {
        "csrfmiddlewaretoken": re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1],
        "username": "owner",
        "password": password,
    }
    asked = urllib.request.Request(
        f"{url}/accounts/sign-in/", urllib.parse.urlencode(fields).encode(), {"Referer": f"{url}/"}
    )
    try:
        return "/accounts/sign-in/" not in browser.open(asked, timeout=60).geturl()
    except urllib.error.HTTPError as refused:
        if refused.code != 422:
            raise
        return False


def test_eight_make_run_at_once_are_eight_boards(tmp_path, started):
    """They all want one port, and their gateways another; each is signed in to with its own password."""
    port = ports.any_free()
    started.extend(MadeBoard(tmp_path / f"data-{number}", port) for number in range(TOGETHER))
    passwords = [board.wait_for(r"password (\S+) \(shown only now") for board in started]
    urls = [board.wait_for(r"Open +(http\S+)") for board in started]
    gateways = [board.wait_for(r"READY (http\S+)") for board in started]
    assert len(set(urls)) == len(set(gateways)) == len(set(passwords)) == TOGETHER
    assert all(answers(f"{url}/readyz") for url in urls)
    assert all(signs_in(url, password) for url, password in zip(urls, passwords, strict=True))
    assert not signs_in(urls[0], passwords[1])
    for number, board in enumerate(started):
        known = json.loads((tmp_path / f"data-{number}/settings.json").read_text())
        assert (known["PUBLIC_URL"], known["OPENCLAW_URL"]) == (urls[number], gateways[number])
        assert board.process.poll() is None
    for board in started:
        os.killpg(board.process.pid, signal.SIGINT)
    for board in started:
        board.process.wait(120)
    assert running_below(tmp_path) == {}


def test_web_port_is_ours_while_the_rest_is_prepared(tmp_path, started):
    """Another program that wants it meanwhile does not get it, and is not taken for the board."""
    port = ports.any_free()
    board = Board(tmp_path / "data", port)
    started.append(board)
    board.wait_for("(Preparing)")
    refused = 0
    while "Team Board is ready" not in board.printed:
        assert board.process.poll() is None, board.printed
        with socket.socket() as thief:
            thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with pytest.raises(OSError, match="in use"):
                thief.bind((ports.HOST, port))
        refused += 1
        time.sleep(0.05)
    assert refused > 10
    assert board.wait_for(r"Open +(http\S+)") == f"http://{ports.HOST}:{port}"


def test_dead_practice_gateway_stops_nothing_and_password_is_had_again(tmp_path, started):
    """By the banner's own words, from another folder and with nothing set."""
    board = Board(tmp_path / "data of mine", ports.any_free())
    started.append(board)
    url = board.wait_for(r"Open +(http\S+)")
    first = board.wait_for(r"password (\S+) \(shown only now")

    killed: set[int] = set()
    while "The rest goes on without it" not in board.printed:
        alive = {pid for pid, command in running_below(tmp_path).items() if "practice_gateway.py" in command}
        for pid in alive - killed:
            os.kill(pid, signal.SIGKILL)
        killed |= alive
        assert board.process.poll() is None, board.printed
        time.sleep(0.1)
    assert len(killed) == 5
    assert answers(f"{url}/readyz")
    assert signs_in(url, first)

    command = board.wait_for(r"a new password: (.+)")
    assert str(tmp_path) in command
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(command, shell=True, cwd="/", env=clean, capture_output=True, text=True, check=True)
    again = re.search(r"password (\S+)", done.stdout)[1]
    assert signs_in(url, again)
    assert not signs_in(url, first)
    assert board.stop() == 0
