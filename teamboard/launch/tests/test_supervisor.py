"""One terminal, several programs: who dies is named and started again, until it is too often."""

import signal
import socket
import subprocess
import sys
import textwrap

import pytest

from teamboard.launch import CannotStart, ports, supervisor
from teamboard.launch.programs import Program
from teamboard.launch.supervisor import describe, wait_until_ready


def shell(name: str, script: str, **options) -> Program:
    return Program(name, ["sh", "-c", script], **options)


def test_lines_are_shown_behind_the_name_of_their_program(team, capfd):
    child = team.start(shell("web", "echo one; echo two >&2; exec sleep 60"))
    assert team.wait_for(lambda: len(child.last_lines) == 2)
    assert capfd.readouterr().out == "web      | one\nweb      | two\n"


def test_supervisor_names_dead_program_and_starts_it_again(team, tmp_path, capfd):
    script = f"test -e {tmp_path}/mark && exec sleep 60; touch {tmp_path}/mark; echo out of paper; exit 7"
    child = team.start(shell("worker", script))
    assert team.wait_for(lambda: len(child.deaths) == 1 and child.is_running)
    printed = capfd.readouterr().out
    assert "worker died (exit code 7). Its last lines:" in printed
    assert "worker   |   out of paper" in printed
    assert "Starting worker again." in printed


def test_supervisor_stops_everything_at_fifth_death_in_a_minute(team, capfd):
    other = team.start(shell("web", "exec sleep 60"))
    team.start(shell("beat", "kill -9 $$"))
    assert team.run() == 1
    team.stop()
    assert not other.is_running
    assert "beat died 5 times in a minute (signal SIGKILL)." in capfd.readouterr().out


def test_supervisor_pause_doubles_and_old_deaths_expire(monkeypatch):
    child = supervisor.Child(shell("web", "true"), 36)
    pauses = []
    for now in (100, 110, 120, 300):
        child.spawn()
        child.process.wait()
        child.died(now)
        pauses.append(child.restart_at - now)
    assert pauses == [0.5, 1, 2, 0.5]


def test_workers_stop_before_the_services_they_need(team, tmp_path):
    log = tmp_path / "log"
    for name, is_service in [("postgres", True), ("valkey", True), ("web", False)]:
        script = f"trap 'echo {name} >> {log}; exit' TERM; echo ready; while :; do sleep 0.01; done"
        child = team.start(shell(name, script, is_service=is_service))
        assert team.wait_for(lambda child=child: child.last_lines)
    team.stop()
    assert log.read_text().split() == ["web", "valkey", "postgres"]


def test_a_program_that_will_not_stop_is_ended(team, capfd):
    child = team.start(shell("web", "trap '' TERM; echo ready; while :; do sleep 1; done", stop_seconds=0.1))
    assert team.wait_for(lambda: child.last_lines)
    team.stop()
    assert not child.is_running
    assert "web did not stop in time and is ended." in capfd.readouterr().out


def test_a_service_that_never_answers_is_reported_with_its_words(team):
    child = team.start(shell("postgres", "echo no space left; exit 1", is_service=True))
    with pytest.raises(CannotStart, match="no space left"):
        wait_until_ready(child, team)


@pytest.mark.req("FLT-1")
def test_child_is_ready_when_it_says_so_itself(team):
    script = "echo starting; while ! test -e $0; do sleep 0.01; done; echo Ready on 8000.; exec sleep 60"
    child = team.start(Program("web", ["sh", "-c", script, "/"], ready_line="Ready on"))
    assert team.wait_for(lambda: child.has_told)
    child.process.kill()
    assert team.wait_for(lambda: not child.is_running)
    assert not child.has_told


@pytest.mark.req("FLT-1")
def test_optional_program_that_keeps_dying_stops_nothing(team, capfd):
    sockets = ports.listening(23500)
    other = team.start(shell("web", "exec sleep 60"))
    gateway = team.start(shell("gateway", "exit 3", is_optional=True, sockets=tuple(sockets)))
    assert team.wait_for(lambda: gateway.is_given_up)
    for _tick in range(5):
        team.tick()
    assert other.is_running
    assert not team.is_stopping()
    assert not gateway.is_running
    assert len(gateway.deaths) == supervisor.DEATHS_ALLOWED
    printed = capfd.readouterr().out
    assert "gateway died 5 times in a minute (exit code 3). The rest goes on without it" in printed
    port = ports.port_of(sockets)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((ports.HOST, port), timeout=5)
    with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
        stranger.bind((ports.HOST, port))


@pytest.mark.parametrize("asked_by", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_stops_all_and_is_a_success(asked_by):
    """Also when a child ends by the signal itself, as uvicorn does."""
    script = textwrap.dedent("""
        from teamboard.launch.programs import Program
        from teamboard.launch.supervisor import Supervisor
        with Supervisor() as team:
            team.start(Program("web", ["sh", "-c", "echo ready; exec sleep 60"]))
            code = team.run()
        raise SystemExit(code)
    """)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "web      | ready\n"
    process.send_signal(asked_by)
    rest = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert "died" not in rest


def test_an_exit_is_described_in_words():
    assert describe(3) == "exit code 3"
    assert describe(-11) == "signal SIGSEGV"
