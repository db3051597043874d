"""The worker dies: anywhere, and exactly where it hurts."""

import random
import time

from bench.processes import wait_until
from tests.faults.outcomes import Outcome, toll_of
from tests.faults.running_board import PATIENCE, RunningBoard


def killed(board: RunningBoard, full: bool) -> Outcome:
    """kill -9 again and again while it dispatches."""
    runs, kills = (300, 5) if full else (30, 2)
    dispatched = board.cast.dispatch(runs)
    chance = random.Random(11)
    for _ in range(kills):
        time.sleep(chance.uniform(0.5, 2))
        board.product.children["worker"].kill()
        board.restart_worker()
    did = f"{kills} x kill -9 in {runs} dispatches"
    return Outcome("worker killed", did, *toll_of(board, dispatched), limit=PATIENCE)


def killed_between(board: RunningBoard, full: bool) -> Outcome:
    """It dies between the gateway's 200 and our commit: the run is admitted, and we don't know."""
    times = 10 if full else 1
    runs = []
    for _ in range(times):
        board.product.children["worker"].stop()
        board.restart_worker("tests.faults.dying_worker")
        runs += board.cast.dispatch(1)
        worker = board.product.children["worker"].process
        wait_until(lambda worker=worker: worker.poll() is not None, "the worker dies at its crash point")
        board.restart_worker()
    did = f"{times} x after the gateway's 200"
    return Outcome("worker killed before its commit", did, *toll_of(board, runs), limit=PATIENCE)
