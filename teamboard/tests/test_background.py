import os
import sys

import pytest
from celery.worker import state

from teamboard import background


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
    monkeypatch.setattr(background.app, "Worker", EndsAtOnce)
    monkeypatch.setattr(background.time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(os, "execv", lambda program, arguments: begun.append((program, arguments[1:])))
    return begun


def test_a_worker_that_an_error_ended_begins_again(begun):
    background.worker()
    assert begun == [(sys.executable, ["-m", "teamboard.background", "worker"])]


def test_a_worker_that_was_told_to_stop_stays_stopped(begun, monkeypatch):
    monkeypatch.setattr(state, "should_stop", 0)
    assert background.worker() == 1
    assert begun == []
