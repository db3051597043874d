"""Waking a job by its name: jobs import what they call, so nothing that they call imports them.

A thread of its own tells the broker. Who wakes a job is in a request, or in a job itself, and holds a connection to
the database; the broker may be slow, hang or be gone. Nothing depends on it: what a job is woken for stands in the
database, and a sweep finds what no wake-up reached.
"""

import atexit
import logging
import os
import queue
import threading

from celery import current_app

log = logging.getLogger(__name__)
WAITING_JOBS = 1000  # behind a broker that hangs; more are left to the sweeps
GOODBYE_SECONDS = 2  # for what waits when the process ends

Job = tuple[str, tuple[object, ...]]


def enqueue(job: str, *args: object) -> None:
    """Have a worker run `job`, such as "apps.projects.jobs.relay", as soon as may be. Never waits, never raises."""
    _publisher.put((job, args))


def send(job: str, *args: object) -> None:
    """Tell the broker at once. Raises OperationalError when it is gone or silent: not for requests."""
    current_app.send_task(job, args=args)


class Publisher:
    """Sends what it is given, in turn, from a thread that starts with the first job."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Without a thread and with nothing to do: so is a forked process as well."""
        self.lock = threading.Lock()
        self.jobs: queue.Queue[Job | None] = queue.Queue(WAITING_JOBS)
        self.thread: threading.Thread | None = None

    def put(self, job: Job) -> None:
        with self.lock:
            if self.thread is None:
                self.thread = threading.Thread(target=self.work, name="job-queue", daemon=True)
                self.thread.start()
        try:
            self.jobs.put_nowait(job)
        except queue.Full:
            log.warning("A job waits for its sweep", extra={"job": job[0], "about": job[1], "error": "broker hangs"})

    def work(self) -> None:
        while (job := self.jobs.get()) is not None:
            name, args = job
            try:
                send(name, *args)
            except Exception as error:  # whatever the client library raises: Redis may be gone
                log.warning("A job waits for its sweep", extra={"job": name, "about": args, "error": repr(error)})

    def finish(self) -> None:
        """Send what waits, for GOODBYE_SECONDS at most."""
        if self.thread and self.thread.is_alive():
            try:
                self.jobs.put_nowait(None)
            except queue.Full:
                return
            self.thread.join(GOODBYE_SECONDS)


_publisher = Publisher()
atexit.register(_publisher.finish)
os.register_at_fork(after_in_child=_publisher.begin)
