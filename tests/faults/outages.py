"""Valkey dies and comes back empty; PostgreSQL stops at once and recovers. Both while people work."""

import signal
import time
from collections.abc import Callable

from django.db import connection

from tests.faults.card_movers import Dragger, Dragging
from tests.faults.outcomes import Outcome, toll_of
from tests.faults.running_board import RunningBoard
from tests.faults.watchers import Watchers

CAUGHT_UP_SECONDS = 15


def broker_emptied(board: RunningBoard, full: bool) -> Outcome:
    def fall() -> None:
        board.valkey.fall(signal.SIGKILL)
        time.sleep(2)
        board.valkey.start()

    return _outage(board, full, fall, "Valkey killed", "kill -9, back empty after 2 s, 20 sockets")


def database_stopped(board: RunningBoard, full: bool) -> Outcome:
    def fall() -> None:
        board.postgres.fall(signal.SIGQUIT)
        time.sleep(1)
        board.postgres.start()
        connection.close()

    return _outage(board, full, fall, "PostgreSQL stopped", "immediate stop, back after 1 s, 20 sockets")


def _outage(board: RunningBoard, full: bool, fall: Callable[[], None], fault: str, did: str) -> Outcome:
    """Moves and dispatches before, during and after; then every socket must reach the head."""
    ana = board.cast.ana
    tasks = board.cast.write(12)
    runs = board.cast.dispatch(60 if full else 8)
    watchers = Watchers(board)
    draggers = [Dragger(board.product, ana, tasks[n::4], seed=n) for n in range(4)]
    with Dragging(draggers):
        time.sleep(2)
        fall()
        time.sleep(15 if full else 3)
    toll = toll_of(board, runs)
    head = board.cast.head()
    seconds = watchers.seconds_until_all_at(head, CAUGHT_UP_SECONDS * 2)
    watchers.stop()
    confirmed, failed = sum(d.confirmed for d in draggers), sum(d.failed for d in draggers)
    lost = toll.lost + sum(dragger.lost() for dragger in draggers)
    also = f"{confirmed} moves confirmed, {failed} unanswered"
    return Outcome(fault, did, lost, toll.doubled, seconds, CAUGHT_UP_SECONDS, also)
