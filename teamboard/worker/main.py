"""What runs behind the pages: `python -m teamboard.worker.main worker`, and `… beat SCHEDULE_FILE`.

With `worker SCHEDULE_FILE` the worker is beat as well, in a thread: one process less for a small
installation. Of several workers only one should.

Celery's own worker and beat without its command line, whose interactive shell would hold 22 MiB
in each of them. `celery -A teamboard …` works as well.
"""

import logging
import os
import sys
import time
import warnings
from collections.abc import Callable
from threading import Thread
from typing import cast

from celery.beat import EmbeddedService
from celery.platforms import EX_OK
from celery.worker import state

from teamboard.celery import app

log = logging.getLogger(__name__)
THREADS = 16


def worker(schedule_file: str = "") -> int:
    """Work until a signal says stop, which no error does. It asks no other worker for anything."""
    warnings.filterwarnings("ignore", "You're running the worker with superuser")  # it runs no pickles
    running = app.Worker(
        pool_cls="threads",
        concurrency=THREADS,
        loglevel="WARNING",
        quiet=True,
        without_mingle=True,
        without_gossip=True,
    )
    if schedule_file:
        cast(Thread, EmbeddedService(app, thread=True, schedule_filename=schedule_file)).start()
    running.start()
    if state.should_stop is None and state.should_terminate is None:
        restart(*[schedule_file] if schedule_file else [])
    return running.exitcode or EX_OK


def restart(*arguments: str) -> None:
    """Become a fresh worker in the same process; what the old one held comes back when its leases end.

    When the broker goes away, kombu may acknowledge on a connection that is gone already
    (AttributeError), and Celery takes any error in its own loop for the end.
    """
    log.error("The worker ended by itself and begins again")
    time.sleep(1)
    os.execv(sys.executable, [sys.executable, "-m", "teamboard.worker.main", "worker", *arguments])  # noqa: S606


def beat(schedule_file: str) -> int:
    """Tell workers what is due, by name: none of our own code is imported for it."""
    ticking = app.Beat(schedule=schedule_file, loglevel="WARNING", quiet=True)
    ticking.init_loader = app.finalize  # type: ignore[method-assign]  # Celery's own would import our code
    ticking.run()
    return EX_OK


if __name__ == "__main__":
    kind, *arguments = sys.argv[1:]
    programs: dict[str, Callable[..., int]] = {"worker": worker, "beat": beat}
    sys.exit(programs[kind](*arguments))
