"""A worker keeps time by itself when beat, or the broker between them, has gone silent."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from teamboard.worker import clock


class Time:
    """It passes by being waited for: ten seconds, and what is to happen at each look."""

    def __init__(self, at_each_look: Callable[[], None]) -> None:
        self.now, self.at_each_look = 0.0, at_each_look

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        self.at_each_look()
        return self.now >= 10

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def swept(monkeypatch) -> Callable[..., list[float]]:
    """When the one scheduled job, due each half second, was run by the worker's own clock."""

    def watch(at_each_look: Callable[[], None] = lambda: None) -> list[float]:
        passing, ran = Time(at_each_look), []
        schedule = {"sweep": {"task": "sweep", "schedule": 0.5}}
        app = SimpleNamespace(
            conf=SimpleNamespace(beat_schedule=schedule), tasks={"sweep": lambda: ran.append(passing.now)}
        )
        monkeypatch.setattr(clock, "_last_run", {})
        monkeypatch.setattr(clock, "_stopping", passing)
        monkeypatch.setattr(clock, "time", passing)
        clock._watch(app)
        return ran

    return watch


@pytest.mark.req("D3", "FLT-34")
def test_without_beat_the_sweep_runs_all_the_same(db, swept):
    assert swept() == [2, 4, 6, 8]


@pytest.mark.req("FLT-34")
def test_while_beat_is_heard_it_keeps_still(db, swept):
    assert swept(lambda: clock.note_run(sender=SimpleNamespace(name="sweep"))) == []


def test_a_sweep_that_fails_is_logged_and_the_next_one_comes(db, caplog):
    def fail() -> None:
        raise ValueError("no")

    clock.sweep(SimpleNamespace(tasks={"sweep": fail}), "sweep")
    assert "A sweep failed" in caplog.text
