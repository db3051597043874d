"""Runs the programs side by side in one terminal and keeps them running.

One loop in the main thread: lines are shown behind their program's name, one that dies is named
with its last lines and started again after a pause that doubles, and the fifth death in a minute
stops everything, unless the others go on without it. Ctrl-C stops the workers first and what they need last.
"""

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import IO, cast

from teamboard.launch import CannotStart
from teamboard.launch.programs import Program

COLOURS = (36, 35, 33, 32, 34, 96, 95)
NAME_WIDTH = 8
LAST_LINES = 12
DEATHS_ALLOWED = 5
DEATHS_COUNT_FOR_SECONDS = 60
FIRST_PAUSE_SECONDS = 0.5
TICK_SECONDS = 0.2
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Child:
    """A program and the process that runs it now; there is none while it rests after a death."""

    def __init__(self, program: Program, colour: int) -> None:
        self.program, self.colour = program, colour
        self._process: subprocess.Popen[bytes] | None = None
        self.restart_at = 0.0
        self.deaths: deque[float] = deque()
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self.half_line = b""
        self.has_told = False  # that it is ready; asked of itself, since anybody may answer at its port
        self.is_given_up = False

    @property
    def is_running(self) -> bool:
        return self._process is not None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """Asked of one that is running only."""
        return cast("subprocess.Popen[bytes]", self._process)

    @property
    def output(self) -> IO[bytes]:
        return cast("IO[bytes]", self.process.stdout)  # a pipe, always

    def spawn(self) -> None:
        self.has_told = False
        self._process = self.program.spawn(subprocess.PIPE)
        os.set_blocking(self.output.fileno(), False)

    def read_lines(self) -> list[str]:
        """The lines that came since the last call; an unfinished one waits for its end."""
        with suppress(BlockingIOError):
            while chunk := os.read(self.output.fileno(), 65536):
                self.half_line += chunk
        *lines, self.half_line = self.half_line.split(b"\n")
        decoded = [line.decode(errors="replace").rstrip() for line in lines]
        self.last_lines.extend(decoded)
        ready = self.program.ready_line
        self.has_told = self.has_told or (bool(ready) and any(ready in line for line in decoded))
        return decoded

    def died(self, now: float) -> None:
        self.output.close()
        self.has_told = False
        self._process, self.half_line = None, b""
        self.deaths.append(now)
        while self.deaths[0] < now - DEATHS_COUNT_FOR_SECONDS:
            self.deaths.popleft()
        self.restart_at = now + FIRST_PAUSE_SECONDS * 2 ** (len(self.deaths) - 1)


class Supervisor:
    def __init__(self) -> None:
        self.children: list[Child] = []
        self.selector = selectors.DefaultSelector()
        self.was_asked_to_stop = False
        self.reason_to_stop = ""
        self.is_coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def __enter__(self) -> "Supervisor":
        for each in STOP_SIGNALS:
            signal.signal(each, self._ask_to_stop)
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self, program: Program) -> Child:
        child = Child(program, COLOURS[len(self.children) % len(COLOURS)])
        self.children.append(child)
        self._spawn(child)
        return child

    def discard(self, child: Child) -> None:
        """Look after it no longer; it has died."""
        self.children.remove(child)

    def run(self) -> int:
        """Until somebody asks to stop (0) or a program can't be kept alive (1)."""
        self.wait_for(lambda: False)
        return 1 if self.reason_to_stop else 0

    def wait_for(self, condition: Callable[[], bool]) -> bool:
        """Look after the children until `condition` holds; False when it is time to stop."""
        while not self.is_stopping():
            if condition():
                return True
            self.tick()
        return False

    def is_stopping(self) -> bool:
        return self.was_asked_to_stop or bool(self.reason_to_stop)

    def tick(self) -> None:
        self._show_lines(TICK_SECONDS)
        for child in self.children:
            self._check(child)

    def stop(self) -> None:
        """Workers at once, then the services one after the other, the first started last."""
        self.say("Stopping; your data is kept.")
        for child in self.children:  # theirs stay open while they drain
            for each in child.program.sockets:
                each.close()
        workers = [child for child in self.children if not child.program.is_service]
        services = [[child] for child in reversed(self.children) if child.program.is_service]
        for group in [workers, *services]:
            self._stop_together([child for child in group if child.is_running])

    def say(self, sentence: str) -> None:
        self._print("team", 1, sentence)

    def _ask_to_stop(self, signum: int, frame: FrameType | None) -> None:
        self.was_asked_to_stop = True

    def _spawn(self, child: Child) -> None:
        child.spawn()
        self.selector.register(child.output, selectors.EVENT_READ, child)

    def _show_lines(self, seconds: float) -> None:
        for key, _ in self.selector.select(seconds):
            self._show(key.data)

    def _show(self, child: Child) -> None:
        for line in child.read_lines():
            if not child.program.is_service:
                self._print(child.program.name, child.colour, line)

    def _check(self, child: Child) -> None:
        if child.is_running and child.process.poll() is not None:
            self._report_death(child)
        elif child.is_running or child.is_given_up or self.is_stopping():
            return
        elif time.monotonic() >= child.restart_at:
            self.say(f"Starting {child.program.name} again.")
            self._spawn(child)

    def _report_death(self, child: Child) -> None:
        code = self._release(child)
        name = child.program.name
        self.say(f"{name} died ({describe(code)}). Its last lines:")
        for line in child.last_lines:
            self._print(name, child.colour, f"  {line}")
        if len(child.deaths) >= DEATHS_ALLOWED:
            reason = f"{name} died {DEATHS_ALLOWED} times in a minute ({describe(code)})."
            if child.program.is_optional:
                self._give_up(child, reason)
            else:
                self.reason_to_stop = reason
                self.say(reason)

    def _give_up(self, child: Child, reason: str) -> None:
        """Its ports stay ours, so that no stranger gets what was meant for it, and refuse connections."""
        child.is_given_up = True
        for each in child.program.sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self.say(f"{reason} The rest goes on without it; the next start tries it again.")

    def _release(self, child: Child) -> int:
        self._show(child)
        self.selector.unregister(child.output)
        code = child.process.returncode
        child.died(time.monotonic())
        return code

    def _stop_together(self, children: list[Child]) -> None:
        for child in children:
            child.process.send_signal(child.program.stop_with)
        deadline = time.monotonic() + max((child.program.stop_seconds for child in children), default=0)
        while running := [child for child in children if child.is_running]:
            self._show_lines(TICK_SECONDS / 4)
            for child in running:
                if child.process.poll() is not None:
                    self._release(child)
                elif time.monotonic() > deadline:
                    self.say(f"{child.program.name} did not stop in time and is ended.")
                    os.killpg(child.process.pid, signal.SIGKILL)
                    child.process.wait()

    def _print(self, name: str, colour: int, line: str) -> None:
        label = f"{name:<{NAME_WIDTH}} |"
        if self.is_coloured:
            label = f"\033[{colour}m{label}\033[0m"
        with suppress(BrokenPipeError):
            print(label, line, flush=True)


def wait_until_ready(child: Child, supervisor: Supervisor) -> None:
    """Until it has told so. Raises CannotStart with the last lines of one that is gone before."""
    supervisor.wait_for(lambda: not child.is_running or child.has_told)
    if not child.is_running:
        supervisor.discard(child)
        lines = "\n  ".join(child.last_lines)
        raise CannotStart(f"{child.program.name} did not start. Its last lines:\n  {lines}")


def describe(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
