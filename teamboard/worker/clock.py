"""Each worker keeps time itself: when beat, or the broker in between, falls silent, the sweeps go on.

The database is the truth, so dispatch must not stop because Redis has. Sweeps may run twice.
"""

import logging
import threading
import time
from typing import Any

from celery import Celery, Task
from celery.signals import task_prerun, worker_init, worker_shutting_down
from django.db import close_old_connections

log = logging.getLogger(__name__)
PATIENCE = 2  # periods without a sweep before a worker does it itself
_last_run: dict[str, float] = {}
_stopping = threading.Event()


@task_prerun.connect
def note_run(sender: Task[..., object] | None = None, **kwargs: Any) -> None:
    if sender is not None:
        _last_run[sender.name] = time.monotonic()


def start(app: Celery) -> None:
    """Watch the schedule of `app` in a thread of every worker."""

    @worker_init.connect(weak=False)
    def begin(**kwargs: Any) -> None:
        threading.Thread(target=_watch, args=(app,), name="own-clock", daemon=True).start()

    @worker_shutting_down.connect(weak=False)
    def end(**kwargs: Any) -> None:
        _stopping.set()


def _watch(app: Celery) -> None:
    started = time.monotonic()
    while not _stopping.wait(1):
        for entry in app.conf.beat_schedule.values():
            name, period = entry["task"], float(entry["schedule"])
            if time.monotonic() - _last_run.get(name, started) > PATIENCE * period:
                _last_run[name] = time.monotonic()
                sweep(app, name)


def sweep(app: Celery, name: str) -> None:
    """Run one scheduled job here and now; what it raises is logged, for the next one may succeed."""
    try:
        app.tasks[name]()
    except Exception:
        log.exception("A sweep failed", extra={"job": name})
    finally:
        close_old_connections()
