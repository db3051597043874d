import os
import sys

import pytest
from celery.worker import state

from teamboard.worker import main


class EndsAtOnce:
    """A worker whose loop an error has ended."""

    exitcode = 1

    def __init__(self, **options) -> None:
        pass

    def start(self) -> None:
        pass


@pytest.fixture
def begun(monkeypatch) -> list:
    """The commands that this process became."""
    begun = []
    monkeypatch.setattr(main.app, "Worker", EndsAtOnce)
    monkeypatch.setattr(main.time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(os, "execv", lambda program, arguments: begun.append((program, arguments[1:])))
    return begun


def test_a_worker_that_an_error_ended_begins_again(begun):
    main.worker()
    assert begun == [(sys.executable, ["-m", "teamboard.worker.main", "worker"])]


def test_worker_is_beat_as_well_when_it_gets_a_schedule_and_stays_so(begun, monkeypatch, tmp_path):
    services = []

    class Service:
        def __init__(self, app, **options) -> None:
            services.append((app, options))

        def start(self) -> None:
            services.append("started")

    monkeypatch.setattr(main, "EmbeddedService", Service)
    main.worker(str(tmp_path / "schedule"))
    assert services == [(main.app, {"thread": True, "schedule_filename": str(tmp_path / "schedule")}), "started"]
    [(_, arguments)] = begun
    assert arguments == ["-m", "teamboard.worker.main", "worker", str(tmp_path / "schedule")]


def test_a_worker_that_was_told_to_stop_stays_stopped(begun, monkeypatch):
    monkeypatch.setattr(state, "should_stop", 0)
    assert main.worker() == 1
    assert begun == []
