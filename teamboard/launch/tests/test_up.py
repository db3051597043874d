"""`make run` as a newcomer meets it: the whole board on one machine."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from teamboard.launch import ports

GIVEN_BY_THE_TESTS = {"DATABASE_URL", "REDIS_URL", "DEBUG", "OPENCLAW_URL", "PYTEST_XDIST_WORKER"}
BANNER_SECONDS = 300


def environment(folder: Path, **more: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name not in GIVEN_BY_THE_TESTS}
    return own | {"DATA_DIR": str(folder)} | more


class Board:
    """`manage.py up` on data in `folder`, with what it has printed."""

    patience = BANNER_SECONDS

    def __init__(self, folder: Path, port: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=settings.BASE_DIR,
            env=environment(folder, PORT=str(port)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.printed = ""
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self) -> None:
        for line in self.process.stdout:
            self.printed += line

    def wait_for(self, pattern: str) -> str:
        deadline = time.monotonic() + self.patience
        while not (found := re.search(pattern, self.printed)):
            assert self.process.poll() is None, self.printed
            assert time.monotonic() < deadline, self.printed
            time.sleep(0.1)
        return found[1]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(60)
        self.reader.join()
        return code


@pytest.fixture
def start(tmp_path):
    boards = []

    def start(port: int) -> Board:
        boards.append(Board(tmp_path / "data", port))
        return boards[-1]

    yield start
    for board in boards:
        if board.process.poll() is None:
            board.stop()
        print(board.printed[-5000:])


def new_owner_password(folder: Path) -> str:
    command = [sys.executable, "manage.py", "owner"]
    printed = subprocess.check_output(command, cwd=settings.BASE_DIR, env=environment(folder), text=True)
    return re.search(r"password (\S+)", printed)[1]


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


def running_below(folder: Path) -> dict[int, str]:
    """Processes whose command or environment names `folder`: pid and command."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if str(folder) in command + (path / "environ").read_bytes().decode(errors="replace"):
                found[int(path.name)] = command
        except OSError:  # it has ended, or is somebody else's
            continue
    return found


def address_of_database(folder: Path) -> str:
    """What the running web process knows as DATABASE_URL."""
    web = next(pid for pid, command in running_below(folder).items() if "teamboard.web.server" in command)
    variables = (Path("/proc") / str(web) / "environ").read_bytes().decode().split("\0")
    return next(each.partition("=")[2] for each in variables if each.startswith("DATABASE_URL="))


def test_a_first_start_a_death_a_stop_and_a_second_start(start, tmp_path):
    with socket.create_server((ports.HOST, 0)) as taken:
        port = taken.getsockname()[1]
        board = start(port)
        url = board.wait_for(r"Open +(http\S+)")
    assert f"Port {port} is taken" in board.printed
    password = board.wait_for(r"password (\S+) \(shown only now")
    assert answers(f"{url}/readyz")

    with (
        psycopg.connect(address_of_database(tmp_path)) as database,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        database.execute("DELETE FROM accounts_auditentry")

    again = start(port)
    assert again.process.wait(30) == 1
    assert "already runs" in again.printed

    assert new_owner_password(tmp_path / "data") != password

    web = next(pid for pid, command in running_below(tmp_path).items() if "teamboard.web.server" in command)
    os.kill(web, signal.SIGKILL)
    board.wait_for(r"web died \((signal SIGKILL)\)")
    board.wait_for(r"(Starting web again)")

    assert board.stop() == 0
    assert running_below(tmp_path) == {}
    assert new_owner_password(tmp_path / "data")

    second = start(port)
    url = second.wait_for(r"Open +(http\S+)")
    assert answers(f"{url}/readyz")
    assert password not in second.printed
    assert second.stop() == 0
