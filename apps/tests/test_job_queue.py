"""A job that is woken by its name is there, and so is what the beat wakes."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from kombu.exceptions import OperationalError

from apps import job_queue
from teamboard.celery import app

APPS = Path(settings.BASE_DIR, "apps")


def enqueued() -> Iterator[str]:
    """Every text that is given to a call of `enqueue` or `enqueue_or_leave`, called at once or later."""
    for path in APPS.glob("**/*.py"):
        if "tests" in path.parts or path.name == "job_queue.py":
            continue
        text = path.read_text()
        if "job_queue" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and "job_queue.enqueue" in ast.unparse(node):
                yield from (each.value for each in node.args if isinstance(each, ast.Constant))


def test_jobs_woken_by_name_exist():
    app.loader.import_default_modules()
    names = set(enqueued())
    assert "apps.projects.jobs.relay" in names
    assert names <= app.tasks.keys()


def test_jobs_of_the_beat_exist():
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= app.tasks.keys()


def test_enqueue_or_leave_without_a_broker_goes_on(monkeypatch, caplog):
    def fail(*job: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(job_queue, "enqueue", fail)
    job_queue.enqueue_or_leave("apps.projects.jobs.relay", 1)
    assert "A job waits for its sweep" in caplog.text
    with pytest.raises(OperationalError):
        job_queue.enqueue("apps.projects.jobs.relay", 1)
