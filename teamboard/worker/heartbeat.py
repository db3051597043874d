"""The heartbeat of a worker, from a thread of its own: neither a full pool nor a slow sweep holds it up."""

import logging
import threading
import time
from typing import Any

from celery import Celery
from celery.signals import task_received, worker_init, worker_shutting_down
from django.conf import settings
from django.db import Error, close_old_connections
from redis import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
PING_SECONDS = 2.0  # how long a broker may take that is not hung
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
        write()
        close_old_connections()
        _stopping.wait(max(0.0, processes.EVERY - (time.monotonic() - started)))


def write() -> None:
    """One heartbeat: of this worker, of the broker if it answers, and of beat if it was heard since the last one."""
    from apps.agents import processes

    parts = [processes.WORKER]
    if broker_answers():
        parts.append(processes.BROKER)
    if _heard_of_beat.is_set():
        _heard_of_beat.clear()
        parts.append(processes.BEAT)
    try:
        processes.note_alive(*parts)
    except Error:
        log.warning("A heartbeat could not be written", exc_info=True)


def broker_answers() -> bool:
    """A broker that is stopped, not gone, accepts connections and says nothing."""
    limits: dict[str, Any] = {"socket_timeout": PING_SECONDS, "socket_connect_timeout": PING_SECONDS}
    try:
        with Redis.from_url(settings.CELERY_BROKER_URL, **limits) as broker:
            return bool(broker.ping())
    except RedisError:
        return False
