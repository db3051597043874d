"""What was sent and reported is emptied when it is older than it is to be kept, and nothing else."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.agents import old_bodies
from apps.agents.jobs import empty_old_bodies
from apps.agents.models import CallbackReport, Run
from apps.agents.runs.pages.task_panel import sent_message
from apps.agents.tests.factories import agent_in, run_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("S1"), pytest.mark.queue_off]


@pytest.fixture
def scribe(board):
    return agent_in(board, "Scribe")


@pytest.fixture
def keep_thirty_days(settings):
    settings.RUN_BODY_DAYS = 30


def run_with(scribe, ana, *, status="succeeded", days=31):
    """A run that was sent, reported on, and ended so many days ago, unless it is still open."""
    run, then = run_of(scribe, ana), timezone.now() - timedelta(days=days)
    body = json.dumps({"message": "Mend the gate."}).encode()
    ended_at = None if status in Run.OPEN else then
    Run.objects.filter(pk=run.pk).update(status=status, request_body=body, first_sent_at=then, ended_at=ended_at)
    report = CallbackReport.objects.create(
        gateway=scribe.gateway, event_id=str(run.pk), run=run, kind="run.finished", body={"a": 1}, outcome="applied"
    )
    CallbackReport.objects.filter(pk=report.pk).update(received_at=then)
    run.refresh_from_db()
    return run


def bodies_of(run):
    run.refresh_from_db()
    return sent_message(run), run.callback_reports.get().body


def test_bodies_of_old_runs_are_emptied(scribe, ana, keep_thirty_days):
    old, young = run_with(scribe, ana), run_with(scribe, ana, days=29)
    assert old_bodies.empty() == 2
    assert bodies_of(old) == ("", {})
    assert bodies_of(young) == ("Mend the gate.", {"a": 1})
    assert old_bodies.empty() == 0


def test_bodies_of_open_runs_stay(scribe, ana, keep_thirty_days):
    """They are sent again with the same bytes."""
    run = run_with(scribe, ana, status="running")
    empty_old_bodies()
    assert bodies_of(run) == ("Mend the gate.", {"a": 1})


def test_bodies_stay_when_nothing_is_set(scribe, ana):
    run = run_with(scribe, ana, days=4000)
    empty_old_bodies()
    assert bodies_of(run) == ("Mend the gate.", {"a": 1})


def test_bodies_are_emptied_in_batches(scribe, ana, keep_thirty_days, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(old_bodies, "BATCH", 2)
    runs = [run_with(scribe, ana) for _ in range(3)]
    with django_assert_num_queries(4):
        assert old_bodies.empty() == 6
    assert {bodies_of(run)[0] for run in runs} == {""}


def test_page_says_that_what_was_sent_is_no_longer_kept(client, scribe, ana, keep_thirty_days):
    run = run_with(scribe, ana)
    client.force_login(ana)
    assert "Mend the gate." in client.get(run.task.get_absolute_url()).content.decode()
    empty_old_bodies()
    assert "What was sent is no longer kept." in client.get(run.task.get_absolute_url()).content.decode()
