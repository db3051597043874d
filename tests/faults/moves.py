"""Many people drag the same few cards at the same time."""

import threading
import time

from apps.projects.models import Event
from tests.faults.card_movers import Dragger
from tests.faults.outages import CAUGHT_UP_SECONDS
from tests.faults.outcomes import Outcome
from tests.faults.running_board import RunningBoard
from tests.faults.watchers import Watchers

PEOPLE = 10


def at_once(board: RunningBoard, full: bool) -> Outcome:
    """Every move is answered, the log has no gap, and every socket ends at its head."""
    count = 500 if full else 100
    ana, project = board.cast.ana, board.cast.project
    watchers = Watchers(board)
    tasks = board.cast.write(5)
    draggers = [Dragger(board.product, ana, tasks, seed=n) for n in range(PEOPLE)]
    began = time.monotonic()
    _all_at_once(draggers, count // PEOPLE)
    took = time.monotonic() - began
    head = board.cast.head()
    seconds = watchers.seconds_until_all_at(head, CAUGHT_UP_SECONDS * 2)
    watchers.stop()
    gaps = head - Event.objects.filter(project=project).count()
    failed = sum(dragger.failed for dragger in draggers)
    did, also = f"{count} of 5 cards by {PEOPLE} people", f"{count / took:.0f} moves a second"
    return Outcome("moves at once", did, failed, gaps, seconds, CAUGHT_UP_SECONDS, also)


def _all_at_once(draggers: list[Dragger], each: int) -> None:
    threads = [threading.Thread(target=lambda d=dragger: [d.drag() for _ in range(each)]) for dragger in draggers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
