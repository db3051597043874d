"""Dispatch goes on while the broker is away: the sweep finds the runs and starts them itself."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from apps import job_queue
from apps.agents import jobs
from apps.agents.models import Agent, Run
from apps.agents.runs import lifecycle
from apps.agents.runs.callbacks import reconcile
from apps.agents.tests.factories import run_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.queue_off]


@pytest.fixture
def no_broker(monkeypatch):
    def fail(*job: object) -> None:
        raise OperationalError("Connection refused")

    monkeypatch.setattr(job_queue, "send", fail)


@pytest.mark.req("D3")
def test_sweep_starts_due_runs_without_a_broker(no_broker, scribe, ana, gateway):
    for title in ("One", "Two"):
        run_of(scribe, ana, title)
    jobs.start_due_runs()
    deadline = time.monotonic() + 10
    while Run.objects.filter(status="running").count() < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert len(gateway.posts) == 2


@pytest.mark.req("FLT-17")
def test_wait_reasons_are_refreshed_while_another_worker_sends(scribe, ana, gateway):
    Agent.objects.update(max_concurrent=1)
    sending, waits = run_of(scribe, ana, "One"), run_of(scribe, ana, "Two")
    Run.objects.filter(pk=sending.pk).update(status="sending")
    jobs.work_through(str(scribe.pk))
    waits.task.refresh_from_db()
    assert waits.task.status_note["facts"]["place"] == 1


@pytest.mark.req("FLT-23")
def test_run_that_cannot_be_released_holds_back_no_other(scribe, ana, monkeypatch):
    past = timezone.now() - timedelta(minutes=1)
    odd, other = run_of(scribe, ana, "One"), run_of(scribe, ana, "Two")
    Run.objects.all().update(status="sending", lease_until=past)

    def release(run):
        if run.pk == odd.pk:
            raise ValueError("odd")
        return releasing(run)

    releasing = lifecycle.release_lease
    monkeypatch.setattr(lifecycle, "release_lease", release)
    reconcile.release_expired_leases()
    other.refresh_from_db()
    assert other.status == Run.Status.QUEUED
