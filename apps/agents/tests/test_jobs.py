"""Dispatch goes on while the broker is away: the sweep finds the runs and starts them itself."""

import time

import pytest
from kombu.exceptions import OperationalError

from apps.agents import jobs
from apps.agents.models import Run
from apps.agents.tests.factories import run_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def no_broker(monkeypatch):
    def fail(*args) -> None:
        raise OperationalError("Connection refused")

    monkeypatch.setattr(jobs.work_through, "delay", fail)


@pytest.mark.req("D3")
def test_without_a_broker_the_sweep_starts_what_is_due(no_broker, scribe, ana, gateway):
    for title in ("One", "Two"):
        run_of(scribe, ana, title)
    jobs.start_due_runs()
    deadline = time.monotonic() + 10
    while Run.objects.filter(status="running").count() < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert len(gateway.posts) == 2
