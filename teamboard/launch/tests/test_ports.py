"""A port that was chosen is not lost: it is listened on at once, or another is taken when it was."""

import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import psycopg
import pytest
import redis

from teamboard.launch import CannotStart, local_board, ports
from teamboard.launch.postgres import Postgres
from teamboard.launch.programs import Program
from teamboard.launch.supervisor import wait_until_ready
from teamboard.launch.up import Start
from teamboard.launch.valkey import Valkey

pytestmark = pytest.mark.req("FLT-1")


@pytest.fixture
def taken():
    with socket.create_server((ports.HOST, 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def steals_first(monkeypatch, taken):
    """The first port that seems free is somebody else's by the time it is bound."""
    found, free = iter([taken]), ports.any_free
    monkeypatch.setattr(ports, "any_free", lambda: next(found, None) or free())


def test_taken_port_gives_the_next_free_one(taken):
    sockets = ports.listening(taken)
    assert ports.port_of(sockets) > taken
    assert not ports.is_free(ports.port_of(sockets))
    ports.close(sockets)
    assert not ports.is_free(taken)


def test_chosen_port_is_nobody_elses_from_then_on():
    sockets = ports.listening(23000)
    port = ports.port_of(sockets)
    for reuse in (0, 1):
        with socket.socket() as thief:
            thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
            with pytest.raises(OSError, match="in use"):
                thief.bind((ports.HOST, port))
    ports.close(sockets)


def test_many_who_want_one_port_get_one_each():
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _n: ports.listening(23100), range(40)))
    assert len({ports.port_of(sockets) for sockets in found}) == 40
    for sockets in found:
        ports.close(sockets)


def test_every_address_of_a_name_is_listened_on():
    sockets = ports.listening(23300, "localhost")
    families = {info[0] for info in socket.getaddrinfo("localhost", 0, type=socket.SOCK_STREAM)}
    assert {each.getsockname()[1] for each in sockets} == {ports.port_of(sockets)}
    assert 1 <= len(sockets) <= len(families)
    ports.close(sockets)


def test_last_port_of_all_is_taken_or_another():
    sockets = ports.listening(65535)
    assert 0 < ports.port_of(sockets) <= 65535
    ports.close(sockets)


@pytest.mark.parametrize("kind", [Postgres, Valkey])
def test_service_whose_port_was_stolen_gets_another(tmp_path, steals_first, taken, kind):
    tmp_path.chmod(0o755)
    with ExitStack() as stack:
        service = kind(tmp_path / "service", password="secret", port=0, durable=False)
        if isinstance(service, Postgres):
            service.initialise()
        url = local_board.start_service(service, tmp_path / "log", stack)
        assert service.port != taken
        if isinstance(service, Postgres):
            assert psycopg.connect(url).execute("select 1").fetchone() == (1,)
        else:
            assert redis.from_url(url).ping()


def test_supervised_service_whose_port_was_stolen_gets_another(tmp_path, team, steals_first, taken, capfd):
    valkey = Valkey(tmp_path / "valkey", password="secret", port=0, durable=False)
    ports.on_free_port(valkey, lambda: wait_until_ready(team.start(valkey.program()), team))
    assert valkey.port != taken
    assert redis.from_url(valkey.url).ping()
    assert len(team.children) == 1  # the one that lost its port is not started again
    assert "died" in capfd.readouterr().out


def test_service_that_fails_otherwise_is_started_once(team, tmp_path):
    started = []

    def start() -> None:
        started.append(team.start(Program("postgres", ["sh", "-c", "echo no space left; exit 1"], is_service=True)))
        wait_until_ready(started[-1], team)

    with pytest.raises(CannotStart, match="no space left"):
        ports.on_free_port(Valkey(tmp_path, password="secret", port=0), start)
    assert len(started) == 1


def test_service_that_always_loses_its_port_says_so(team, monkeypatch, taken, tmp_path):
    monkeypatch.setattr(ports, "any_free", lambda: taken)
    valkey = Valkey(tmp_path / "valkey", password="secret", port=0)

    def start() -> None:
        script = "echo Could not bind: Address already in use; exit 1"
        wait_until_ready(team.start(Program("valkey", ["sh", "-c", script], is_service=True)), team)

    with pytest.raises(CannotStart, match="Address already in use"):
        ports.on_free_port(valkey, start)


def test_another_postgres_at_the_port_is_not_taken_for_ours(tmp_path):
    """pg_isready would say yes; only the file of our own process counts."""
    tmp_path.chmod(0o755)
    with ExitStack() as stack:
        theirs = Postgres(tmp_path / "theirs", password="theirs", port=0, durable=False)
        theirs.initialise()
        local_board.start_service(theirs, tmp_path / "log", stack)
        ours = Postgres(tmp_path / "ours", password="ours", port=theirs.port, durable=False)
        ours.initialise()
        process = ours.program().spawn(subprocess.DEVNULL)
        with pytest.raises(CannotStart):
            ours.wait(process)
        process.wait()
        (ours.folder / "postmaster.pid").write_text("1\n\n\n\n\n\n\nready   \n")  # of one that was killed
        assert not ours.is_ready(process.pid)


class Agreeable(BaseHTTPRequestHandler):
    """Somebody else, who says yes to everything."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        pass


def test_stranger_that_answers_is_not_taken_for_the_board(team, monkeypatch):
    """Neither at the address nor as a proxy that the environment names."""
    with ThreadingHTTPServer((ports.HOST, 0), Agreeable) as stranger:
        Thread(target=stranger.serve_forever, daemon=True).start()
        start = Start.__new__(Start)
        start.here = ports.url(ports.HOST, stranger.server_port)
        start.web = team.start(Program("web", ["sh", "-c", "echo warming up; exec sleep 60"], ready_line="Ready on"))
        assert team.wait_for(lambda: start.web.last_lines)
        assert not start.web_answers()
        monkeypatch.setenv("http_proxy", start.here)
        sockets = ports.listening(23600)
        start.here, start.web.has_told = ports.url(ports.HOST, ports.port_of(sockets)), True
        ports.close(sockets)
        assert not start.web_answers()
        start.here = ports.url(ports.HOST, stranger.server_port)
        assert start.web_answers()
        stranger.shutdown()


def test_inherited_socket_outlives_its_program(team):
    """Its port is not lost while it is restarted: who connects then waits, and is answered."""
    sockets = ports.listening(23400)
    script = (
        "import os, socket, sys; s = socket.socket(fileno=int(sys.argv[1])); print('up', flush=True)\n"
        "while True: c, _ = s.accept(); c.sendall(str(os.getpid()).encode()); c.close()"
    )
    command = [sys.executable, "-c", script, str(sockets[0].fileno())]
    child = team.start(Program("web", command, sockets=tuple(sockets), ready_line="up"))
    assert team.wait_for(lambda: child.has_told)
    first = child.process.pid
    child.process.kill()
    assert team.wait_for(lambda: not child.is_running)
    with socket.create_connection((ports.HOST, ports.port_of(sockets)), timeout=30) as waiting:
        assert team.wait_for(lambda: child.has_told)
        answer = int(waiting.recv(100))
    assert answer == child.process.pid != first
