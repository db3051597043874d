"""The private PostgreSQL and Valkey: found, started as nobody's root, gone with their parent."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from teamboard.launch import CannotStart, ports, privileges
from teamboard.launch.postgres import Postgres
from teamboard.launch.programs import stop

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")


def with_services(*command: str) -> list[str]:
    return [sys.executable, "-m", "teamboard.launch.with_services", *command]


@pytest.fixture
def clean_environment(monkeypatch):
    for name in ("TEST_DATABASE_URL", "TEST_REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_command_gets_its_own_services_and_its_code_comes_back(clean_environment, tmp_path):
    clean_environment.setenv("TMPDIR", str(tmp_path))
    script = """if True:
        import os, psycopg, redis, sys
        assert psycopg.connect(os.environ["DATABASE_URL"]).execute("show fsync").fetchone() == ("off",)
        assert redis.from_url(os.environ["REDIS_URL"]).ping()
        sys.exit(3)"""
    assert subprocess.run(with_services(sys.executable, "-c", script), check=False).returncode == 3
    assert list(tmp_path.iterdir()) == []


def test_given_services_are_used_instead(clean_environment):
    clean_environment.setenv("TEST_DATABASE_URL", "postgresql://given/database")
    clean_environment.setenv("TEST_REDIS_URL", "redis://given:1")
    printed = subprocess.check_output(with_services("sh", "-c", "echo $DATABASE_URL $REDIS_URL"), text=True)
    assert printed.split() == ["postgresql://given/database", "redis://given:1"]


def test_a_killed_launcher_leaves_no_service_behind(clean_environment, tmp_path):
    clean_environment.setenv("TMPDIR", str(tmp_path))
    launcher = subprocess.Popen(with_services("sh", "-c", "echo up; exec sleep 60"), stdout=subprocess.PIPE, text=True)
    assert launcher.stdout.readline() == "up\n"
    launcher.kill()
    launcher.wait()
    deadline = time.monotonic() + 10
    while left := processes_naming(tmp_path):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def processes_naming(folder: Path) -> list[str]:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            lines.append(path.read_bytes().replace(b"\0", b" ").decode())
    return [line for line in lines if str(folder) in line]


@as_root
def test_postgres_runs_as_nobody_without_user_namespaces(monkeypatch, tmp_path):
    monkeypatch.setattr(privileges, "namespaces_work", lambda: False)
    tmp_path.chmod(0o700)
    postgres = Postgres(tmp_path / "postgres", password="pw", port=ports.any_free(), durable=False)
    assert privileges.reachable_by_nobody(postgres.folder.parent)
    postgres.initialise()
    process = postgres.program().spawn(subprocess.DEVNULL)
    try:
        postgres.wait(process)
        assert Path(f"/proc/{process.pid}").stat().st_uid == privileges.NOBODY
        assert psycopg.connect(postgres.url).execute("select 1").fetchone() == (1,)
    finally:
        stop(process, postgres.program())
        subprocess.run(["rm", "-rf", postgres.folder.parent], check=True)


@as_root
def test_root_is_left_inside_a_user_namespace():
    if not privileges.namespaces_work():
        pytest.skip("user namespaces are refused here")
    identity = subprocess.check_output(["id", "-u"], preexec_fn=privileges.leave_root, text=True)
    assert int(identity) == privileges.SOMEBODY


def test_data_of_another_postgres_is_refused_in_words(tmp_path):
    (tmp_path / "PG_VERSION").write_text("99\n")
    postgres = Postgres(tmp_path, password="pw", port=1)
    with pytest.raises(CannotStart, match="is PostgreSQL 99's and this is PostgreSQL"):
        postgres.initialise()


def test_a_database_is_made_wholly_or_not_at_all(tmp_path, monkeypatch):
    postgres = Postgres(tmp_path / "postgres", password="pw", port=1, durable=False)
    run = postgres._run
    monkeypatch.setattr(postgres, "_run", lambda program, *a, **kw: run(program if program == "initdb" else "false"))
    with pytest.raises((CannotStart, FileNotFoundError)):
        postgres.initialise()
    assert not postgres.folder.exists()
    assert list(tmp_path.glob("*.password")) == []
