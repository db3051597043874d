"""What runs behind the pages: `python -m teamboard.background worker`, or `… beat SCHEDULE_FILE`.

Celery's own worker and beat without its command line, whose interactive shell would hold 22 MiB
in each of them. `celery -A teamboard …` works as well.
"""

import sys
import warnings

from celery.platforms import EX_OK

from teamboard.celery import app

THREADS = 16


def worker() -> int:
    """Work until a signal says stop. It asks no other worker for anything."""
    warnings.filterwarnings("ignore", "You're running the worker with superuser")  # it runs no pickles
    running = app.Worker(
        pool_cls="threads",
        concurrency=THREADS,
        loglevel="WARNING",
        quiet=True,
        without_mingle=True,
        without_gossip=True,
    )
    running.start()
    return running.exitcode


def beat(schedule_file: str) -> int:
    """Tell workers what is due, by name: none of our own code is imported for it."""
    ticking = app.Beat(schedule=schedule_file, loglevel="WARNING", quiet=True)
    ticking.init_loader = app.finalize
    ticking.run()
    return EX_OK


if __name__ == "__main__":
    kind, *arguments = sys.argv[1:]
    sys.exit({"worker": worker, "beat": beat}[kind](*arguments))
