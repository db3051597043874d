"""Valkey, PostgreSQL, the worker and the web process stopped by SIGSTOP: they neither answer nor fail."""

import contextlib
import os
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
from django.db import connection

from apps.agents.models import Run
from apps.chat.models import Room
from apps.tasks.models import Task
from bench.visitor import Visitor
from tests.faults.outcomes import Outcome, toll_of
from tests.faults.running_board import RunningBoard

# Seconds. By themselves a page needs no second and a change no three: the rest is for a busy machine.
READ_LIMIT, CHANGE_LIMIT = 3.0, 6.0
HUNG_SECONDS = 30


def broker_hung(board: RunningBoard, full: bool) -> Outcome:
    """Whoever changes something is answered, pages are as quick as ever, and no run is lost."""
    tasks, room = board.cast.write(4), board.cast.new_room()
    with stopped([board.valkey.process.pid]), Reader(board) as reader:
        slowest = slowest_change(board, tasks, room)
    toll = toll_of(board, runs_of(tasks))
    wrong = (slowest > CHANGE_LIMIT) + (reader.slowest > READ_LIMIT) + reader.failed
    also = f"slowest change {slowest:.2f} s, slowest page {reader.slowest:.2f} s, {reader.failed} pages failed"
    return Outcome("Valkey hung", "SIGSTOP while people work", toll.lost + wrong, toll.doubled, toll.seconds, 60, also)


def database_hung(board: RunningBoard, full: bool) -> Outcome:
    """Everything that needs it is refused within seconds, `/healthz` is answered, and all goes on as before."""
    visitor = Visitor(board.product, board.cast.ana)
    visitor.get("/projects/FLT/")
    runs = board.cast.dispatch(4)
    connection.close()
    with stopped(postgres_processes(board)):
        answers = [status_within(visitor, path, CHANGE_LIMIT) for path in ("/projects/FLT/", "/readyz", "/")]
        alive = status_within(visitor, "/healthz", READ_LIMIT)
    after = board.settle(lambda: status_within(visitor, "/projects/FLT/", 5) == 200, 30)
    toll = toll_of(board, runs)
    wrong = sum(status != 503 for status in answers) + (alive != 200)
    also = f"answered {answers} while it hung, /healthz {alive}"
    return Outcome("PostgreSQL hung", "SIGSTOP of all its processes", toll.lost + wrong, toll.doubled, after, 30, also)


def worker_hung(board: RunningBoard, full: bool) -> Outcome:
    """Pages and changes do not notice; what waited is done when it goes on."""
    tasks, room = board.cast.write(4), board.cast.new_room()
    with stopped([board.product.children["worker"].pid]):
        slowest = slowest_change(board, tasks, room)
    toll = toll_of(board, runs_of(tasks))
    lost = toll.lost + (slowest > CHANGE_LIMIT)
    return Outcome("worker hung", "SIGSTOP while people work", lost, toll.doubled, toll.seconds, 60, f"{slowest:.2f} s")


def web_hung(board: RunningBoard, full: bool) -> Outcome:
    """Runs go on, and their reports arrive when it answers again."""
    runs = board.cast.dispatch(4)
    with stopped([board.product.children["web"].pid]):
        time.sleep(6 if full else 2)
    toll = toll_of(board, runs)
    return Outcome("web hung", "SIGSTOP while agents report", toll.lost, toll.doubled, toll.seconds, 60)


def slowest_change(board: RunningBoard, tasks: list[Task], room: Room) -> float:
    """Seconds. Each task is given to an agent, and for each a link and a mention are said; all must be done."""
    visitor = Visitor(board.product, board.cast.ana)
    took = []
    for number, task in enumerate(tasks):
        to = {"to": board.cast.agents[number % len(board.cast.agents)].user_id}
        words = {"text": f"See https://example.com/{number} @ben", "client_message_id": str(uuid.uuid4())}
        for path, values in ((f"tasks/{task.number}/assign/", to), (f"chat/{room.pk}/messages/", words)):
            began = time.monotonic()
            visitor.post(f"/projects/FLT/{path}", values).raise_for_status()
            took.append(time.monotonic() - began)
    return max(took)


def runs_of(tasks: list[Task]) -> list[Run]:
    return list(Run.objects.filter(task__in=tasks).select_related("agent"))


def status_within(visitor: Visitor, path: str, seconds: float) -> int:
    """0 when no answer came."""
    try:
        return visitor.http.get(path, timeout=seconds).status_code
    except httpx.HTTPError:
        return 0


class Reader:
    """Somebody who reads the board meanwhile: how long the slowest page took, and how many failed."""

    def __init__(self, board: RunningBoard) -> None:
        self.visitor = Visitor(board.product, board.cast.ben)
        self.over, self.slowest, self.failed = threading.Event(), 0.0, 0
        self.thread = threading.Thread(target=self._read)

    def _read(self) -> None:
        while not self.over.wait(0.2):
            began = time.monotonic()
            self.failed += status_within(self.visitor, "/projects/FLT/", 30) != 200
            self.slowest = max(self.slowest, time.monotonic() - began)

    def __enter__(self) -> "Reader":
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        self.thread.join()


@contextlib.contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    """None of them runs, for HUNG_SECONDS at the most, which is longer than any limit here."""

    def go_on() -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    too_long = threading.Timer(HUNG_SECONDS, go_on)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    too_long.start()
    try:
        yield
    finally:
        too_long.cancel()
        go_on()


def postgres_processes(board: RunningBoard) -> list[int]:
    """The server and one process a connection, which would go on by itself."""
    server = board.postgres.process.pid
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return [server, *map(int, children)]
