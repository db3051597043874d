"""A job that is woken by its name is there, and so is what the beat wakes."""

import ast
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Event

import pytest
from django.conf import settings
from kombu.exceptions import OperationalError

from apps import job_queue
from teamboard.celery import app

APPS = Path(settings.BASE_DIR, "apps")


def enqueued() -> Iterator[str]:
    """Every text that is given to a call of `enqueue` or `send`, called at once or later."""
    for path in APPS.glob("**/*.py"):
        if "tests" in path.parts or path.name == "job_queue.py":
            continue
        text = path.read_text()
        if "job_queue" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and (
                "job_queue.enqueue" in ast.unparse(node) or "job_queue.send" in ast.unparse(node)
            ):
                yield from (each.value for each in node.args if isinstance(each, ast.Constant))


def test_jobs_woken_by_name_exist():
    app.loader.import_default_modules()
    names = set(enqueued())
    assert "apps.projects.jobs.relay" in names
    assert names <= app.tasks.keys()


def test_jobs_of_the_beat_exist():
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= app.tasks.keys()


@pytest.fixture
def publisher(monkeypatch):
    job_queue._publisher.finish()  # what tests before have left to send would be sent by what these put in its place
    job_queue._publisher.begin()
    publisher = job_queue.Publisher()
    monkeypatch.setattr(job_queue, "_publisher", publisher)
    yield publisher
    publisher.finish()


@pytest.mark.req("FLT-38")
def test_enqueue_neither_waits_for_the_broker_nor_fails_without_one(publisher, monkeypatch, caplog):
    answers, sent = Queue(), Queue()

    def hangs(job: str, *args: object) -> None:
        answer = answers.get()
        sent.put((job, args))
        if answer:
            raise answer

    monkeypatch.setattr(job_queue, "send", hangs)
    for number in range(3):
        job_queue.enqueue("apps.projects.jobs.relay", number)  # which does not come back if it waits
    answers.put(OperationalError("no broker"))
    answers.put(RuntimeError("what nobody foresaw"))
    answers.put(None)
    assert [sent.get(timeout=60)[1] for _ in range(3)] == [(0,), (1,), (2,)]
    assert caplog.text.count("A job waits for its sweep") == 2


@pytest.mark.req("FLT-38")
def test_jobs_beyond_the_limit_are_left_to_the_sweeps(publisher, monkeypatch, caplog):
    monkeypatch.setattr(job_queue, "WAITING_JOBS", 2)
    publisher.begin()
    goes_on = Event()
    monkeypatch.setattr(job_queue, "send", lambda *job: goes_on.wait(60))
    for number in range(5):
        job_queue.enqueue("apps.projects.jobs.relay", number)
    assert "broker hangs" in str([record.__dict__ for record in caplog.records])
    goes_on.set()
    publisher.jobs.put(None)  # `finish` does not wait for room
    publisher.thread.join(60)


def test_process_that_ends_sends_what_waits(publisher, monkeypatch):
    sent = []
    monkeypatch.setattr(job_queue, "send", lambda *job: sent.append(job))
    job_queue.enqueue("apps.projects.jobs.relay", 1)
    publisher.finish()
    assert sent == [("apps.projects.jobs.relay", 1)]


def test_forked_process_has_a_thread_of_its_own(publisher, monkeypatch):
    monkeypatch.setattr(job_queue, "send", lambda *job: None)
    job_queue.enqueue("apps.projects.jobs.relay", 1)
    before = publisher.thread
    publisher.begin()  # what a fork does in the child
    job_queue.enqueue("apps.projects.jobs.relay", 2)
    assert publisher.thread is not before
