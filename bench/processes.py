"""Processes we start, and what they cost: CPU with that of their children, and memory, from /proc."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from teamboard.launch.programs import in_child

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


class Child:
    """One process of ours: its output goes to a file, and it ends with its group."""

    def __init__(self, name: str, command: list[str], folder: Path) -> None:
        self.name, self.command = name, command
        self.log = folder / f"{name}.log"
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=partial(in_child, None, signal.SIGTERM),  # it must not outlive us
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        """As a power cut would: SIGKILL to the process and all that it has started."""
        os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds: float = 10) -> None:
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])


def wait_until(happened: Callable[[], bool], what: str, seconds: float = 30) -> float:
    """How many seconds it took; raises TimeoutError with `what` when it does not happen in time."""
    began = time.monotonic()
    while not happened():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"Not within {seconds:.0f} s: {what}")
        time.sleep(0.02)
    return time.monotonic() - began


def is_listening(port: int) -> bool:
    with socket.socket() as asking:
        asking.settimeout(1)
        return asking.connect_ex(("127.0.0.1", port)) == 0


def family(pid: int) -> list[int]:
    """`pid` and all that descend from it."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, children.read_text().split())
            except OSError:  # a thread that has just ended
                continue
    return found


def families(pids: Iterable[int]) -> set[int]:
    return {member for pid in pids for member in family(pid)}


def cpu_ms(pids: Iterable[int]) -> float:
    """User and system time of the families of `pids` so far, with that of children already gone."""
    total = 0
    for pid in families(pids):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            continue
        total += sum(map(int, stat.rpartition(")")[2].split()[11:15]))
    return total * TICK_MS


def memory_mib(pids: Iterable[int]) -> float:
    """The proportional share (PSS) of the families of `pids`; what ends meanwhile has none."""
    kib = 0
    for pid in families(pids):
        with suppress(FileNotFoundError, ProcessLookupError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kib += int(line.split()[1])
    return kib / 1024
