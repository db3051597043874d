"""Valkey dies and comes back empty; PostgreSQL stops at once and recovers. Both while people work."""

import signal
import time
from collections.abc import Callable

from django.db import connection

from tests.faults.drag import Dragger, Dragging
from tests.faults.outcomes import Outcome, toll_of
from tests.faults.stage import Stage
from tests.faults.watchers import Watchers

CAUGHT_UP_SECONDS = 15


def broker_emptied(stage: Stage, full: bool) -> Outcome:
    def fall() -> None:
        stage.valkey.fall(signal.SIGKILL)
        time.sleep(2)
        stage.valkey.start()

    return _outage(stage, full, fall, "Valkey killed", "kill -9, back empty after 2 s, 20 sockets")


def database_stopped(stage: Stage, full: bool) -> Outcome:
    def fall() -> None:
        stage.postgres.fall(signal.SIGQUIT)
        time.sleep(1)
        stage.postgres.start()
        connection.close()

    return _outage(stage, full, fall, "PostgreSQL stopped", "immediate stop, back after 1 s, 20 sockets")


def _outage(stage: Stage, full: bool, fall: Callable[[], None], fault: str, did: str) -> Outcome:
    """Moves and dispatches before, during and after; then every socket must reach the head."""
    ana = stage.cast.ana
    tasks = stage.cast.write(12)
    runs = stage.cast.dispatch(60 if full else 8)
    watchers = Watchers(stage)
    draggers = [Dragger(stage.house, ana, tasks[n::4], seed=n) for n in range(4)]
    with Dragging(draggers):
        time.sleep(2)
        fall()
        time.sleep(15 if full else 3)
    toll = toll_of(stage, runs)
    head = stage.cast.head()
    seconds = watchers.seconds_until_all_at(head, CAUGHT_UP_SECONDS * 2)
    watchers.stop()
    confirmed, failed = sum(d.confirmed for d in draggers), sum(d.failed for d in draggers)
    lost = toll.lost + sum(dragger.lost() for dragger in draggers)
    also = f"{confirmed} moves confirmed, {failed} unanswered"
    return Outcome(fault, did, lost, toll.doubled, seconds, CAUGHT_UP_SECONDS, also)
