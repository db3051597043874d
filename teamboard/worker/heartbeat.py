"""The heartbeat of a worker, from a thread of its own: neither a full pool nor a slow sweep holds it up."""

import logging
import threading
import time
from typing import Any

from celery import Celery, current_app
from celery.signals import task_received, worker_init, worker_shutting_down
from django.conf import settings
from django.db import close_old_connections

log = logging.getLogger(__name__)
ADDRESS_SECONDS = 2.0  # how long an address of the broker may take that is not hung: with the limits of its transport
ALL_SECONDS = 4  # no further address is tried after that
_heard_of_beat = threading.Event()
_stopping = threading.Event()


def start(app: Celery) -> None:
    """Let every worker of `app` write its heartbeat."""

    @worker_init.connect(weak=False)
    def begin(**kwargs: Any) -> None:
        threading.Thread(target=_write_always, name="heartbeat", daemon=True).start()

    @worker_shutting_down.connect(weak=False)
    def end(**kwargs: Any) -> None:
        _stopping.set()

    @task_received.connect(weak=False)
    def hear(request: Any = None, **kwargs: Any) -> None:
        if any(entry["task"] == request.name for entry in app.conf.beat_schedule.values()):
            _heard_of_beat.set()


def _write_always() -> None:
    from apps.agents import processes  # when the worker starts, models can be imported

    while not _stopping.is_set():
        started = time.monotonic()
        try:
            write()
        except Exception:
            log.exception("A heartbeat could not be written")
        finally:
            close_old_connections()
        _stopping.wait(max(0.0, processes.EVERY - (time.monotonic() - started)))


def write() -> None:
    """One heartbeat: of this worker, of beat if it was heard since the last one, and of the broker if it answers."""
    from apps.agents import processes

    parts = [processes.WORKER]
    if _heard_of_beat.is_set():
        _heard_of_beat.clear()
        parts.append(processes.BEAT)
    processes.note_alive(*parts)  # at once: a broker takes its time to be silent
    if broker_answers():
        processes.note_alive(processes.BROKER)


def broker_answers() -> bool:
    """Whether one of its addresses does, of whatever kind; each may be hung: it accepts, and says nothing."""
    url = settings.CELERY_BROKER_URL
    try:
        with current_app.connection_for_read(url=url, connect_timeout=ADDRESS_SECONDS) as broker:
            others = len(broker.alt) - 1
            broker.ensure_connection(max_retries=max(0, others), interval_start=0, timeout=ALL_SECONDS)
    except Exception as error:  # whatever the client library raises, or the lack of one
        log.debug("The broker does not answer", extra={"error": repr(error)})
        return False
    return True
