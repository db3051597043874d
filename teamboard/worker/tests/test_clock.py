"""A worker keeps time by itself when beat, or the broker between them, has gone silent."""

import threading
import time
from types import SimpleNamespace

import pytest

from teamboard.worker import clock


@pytest.fixture
def sweeps(monkeypatch) -> list[float]:
    """When the one scheduled job, due each half second, was run by the worker's own clock."""
    ran: list[float] = []
    schedule = {"sweep": {"task": "sweep", "schedule": 0.5}}
    app = SimpleNamespace(
        conf=SimpleNamespace(beat_schedule=schedule), tasks={"sweep": lambda: ran.append(time.monotonic())}
    )
    monkeypatch.setattr(clock, "_last_run", {})
    monkeypatch.setattr(clock, "_stopping", threading.Event())
    watch = threading.Thread(target=clock._watch, args=(app,))
    watch.start()
    yield ran
    clock._stopping.set()
    watch.join(5)


@pytest.mark.req("D3")
def test_without_beat_the_sweep_runs_all_the_same(sweeps):
    time.sleep(3.5)
    assert len(sweeps) >= 2


def test_while_beat_is_heard_it_keeps_still(sweeps):
    for _ in range(12):
        clock.note_run(sender=SimpleNamespace(name="sweep"))
        time.sleep(0.2)
    assert sweeps == []


def test_a_sweep_that_fails_is_logged_and_the_next_one_comes(db, caplog):
    def fail() -> None:
        raise ValueError("no")

    clock.sweep(SimpleNamespace(tasks={"sweep": fail}), "sweep")
    assert "A sweep failed" in caplog.text
