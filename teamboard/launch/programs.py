"""What can be started: a command, how it stops, and that it never outlives its parent."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Any

PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Program:
    name: str
    command: list[str]
    stop_with: signal.Signals = signal.SIGTERM
    stop_seconds: float = 30
    is_service: bool = False  # others need it: stopped last, and its lines are shown only when it dies
    is_optional: bool = False  # the others go on without it
    ready_line: str = ""  # a line with this says that it answers
    sockets: tuple[socket.socket, ...] = ()  # that it inherits, by the same numbers
    before_exec: Callable[[], None] | None = None  # runs in the child
    popen_options: dict[str, Any] = field(default_factory=dict)

    def spawn(self, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
        """Start it in a session of its own, so that Ctrl-C reaches the launcher only.

        Call it from the main thread: the kernel ends a child with the thread that made it.
        """
        return subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=partial(in_child, self.before_exec, self.stop_with),
            pass_fds=[each.fileno() for each in self.sockets],
            **self.popen_options,
        )


def in_child(before_exec: Callable[[], None] | None, stop_with: signal.Signals) -> None:
    if before_exec:
        before_exec()
    # After `before_exec`: a change of user clears it.
    if libc and libc.prctl(PR_SET_PDEATHSIG, int(stop_with)) != 0:
        os.write(2, b"This system does not end a program with the one that started it.\n")


def stop(process: subprocess.Popen[bytes], program: Program) -> None:
    """Ask it to stop, and end it when it takes longer than it may."""
    if process.poll() is None:
        process.send_signal(program.stop_with)
        try:
            process.wait(program.stop_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
