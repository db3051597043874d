"""One rule starts runs and says why others wait: what may not start has that very reason in its note."""

from datetime import timedelta
from itertools import combinations

import httpx
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.agents import processes
from apps.agents.gateways import circuit_breaker
from apps.agents.models import Agent, FailureStreak, Gateway, Run
from apps.agents.runs import dispatch, lifecycle, queue, run_notes, scheduler, targets, wait_reasons
from apps.agents.runs.actions.pause import pause
from apps.agents.runs.states import Status
from apps.agents.tests.factories import agent_in, run_of
from apps.chat.tests.factories import message_in, room_of
from apps.projects.models import Role
from apps.projects.tests.factories import MembershipFactory

pytestmark = [pytest.mark.django_db, pytest.mark.queue_off]


@pytest.fixture
def room(board):
    return room_of(board)


@pytest.fixture
def run(room, scribe, ana):
    """A run that waits for the answer to a message and might start."""
    return question(room, scribe, ana)


def question(room, agent: Agent, by) -> Run:
    return queue.enqueue(targets.MessageTarget(message_in(room, by, "Look?"), referenced_task=None), agent, by=by)


def be_paused(run: Run, by) -> None:
    pause(run.project, by=MembershipFactory(project=run.project, role=Role.MAINTAINER).user)


def be_agent_disabled(run: Run, by) -> None:
    Agent.objects.filter(pk=run.agent_id).update(is_enabled=False)


def be_gateway_disabled(run: Run, by) -> None:
    Gateway.objects.update(is_enabled=False)


def be_agent_failing(run: Run, by) -> None:
    now = timezone.now()
    paused = {"fingerprint": "x", "count": 3, "paused_at": now, "probe_at": now + timedelta(minutes=1)}
    FailureStreak.objects.update_or_create(agent=run.agent, defaults=paused)


def be_gateway_down(run: Run, by) -> None:
    now = timezone.now()
    retry_at = now + timedelta(seconds=30)
    Gateway.objects.update(failures=circuit_breaker.MAX_FAILURES, retry_at=retry_at, down_since=now)


def be_next_try(run: Run, by) -> None:
    Run.objects.filter(pk=run.pk).update(due_at=timezone.now() + timedelta(minutes=1), error="Busy.")


def be_held_up(run: Run, by) -> None:
    """Another run of the same session has been sent."""
    other = question(run.message.room, run.agent, by)
    Run.objects.filter(pk=other.pk).update(status=Status.UNCERTAIN, first_sent_at=timezone.now())


def be_agent_full(run: Run, by) -> None:
    Agent.objects.filter(pk=run.agent_id).update(max_concurrent=1)
    busy = run_of(run.agent, by)
    Run.objects.filter(pk=busy.pk).update(status=Status.RUNNING)


def be_gateway_busy(run: Run, by) -> None:
    other = agent_in(run.project, "Other", gateway=run.agent.gateway)
    for _ in range(circuit_breaker.MAX_SENDING):
        sending = run_of(other, by)
        Run.objects.filter(pk=sending.pk).update(status=Status.SENDING)


WAYS = {
    "paused": be_paused,
    "agent_disabled": be_agent_disabled,
    "gateway_disabled": be_gateway_disabled,
    "agent_failing": be_agent_failing,
    "gateway_down": be_gateway_down,
    "next_try": be_next_try,
    "held_up": be_held_up,
    "agent_full": be_agent_full,
    "gateway_busy": be_gateway_busy,
}


def noted(run: Run) -> str:
    """The code that the run shows after its agent's queue was looked at."""
    wait_reasons.refresh(Agent.objects.select_related("gateway", "user").get(pk=run.agent_id))
    run = Run.objects.with_related().get(pk=run.pk)
    return targets.target_of(run).current_note(run)["code"]


def decided(run: Run) -> str | None:
    reason = scheduler.decision(Run.objects.with_related().get(pk=run.pk))
    return reason and reason.code


def claimed(agent: Agent) -> Run | None:
    claim = dispatch.claim_next(agent.pk, "worker")
    return claim and claim.run


def test_scheduler_names_every_reason_that_has_a_sentence():
    assert list(WAYS) == list(scheduler.REASONS)
    assert set(scheduler.REASONS) < set(run_notes.SENTENCES)


def test_run_without_a_reason_starts(run, scribe):
    assert (decided(run), noted(run)) == (None, "starting")
    assert claimed(scribe) == run


@pytest.mark.parametrize("reason", scheduler.REASONS)
def test_run_with_a_reason_waits_and_notes_it(run, scribe, ana, reason):
    WAYS[reason](run, ana)
    assert claimed(scribe) is None
    assert (decided(run), noted(run)) == (reason, reason)


def test_first_reason_is_noted_where_there_are_several(run, scribe, ana):
    for first, second in combinations(scheduler.REASONS, 2):
        with transaction.atomic():
            WAYS[second](run, ana)
            WAYS[first](run, ana)
            assert claimed(scribe) is None
            assert (decided(run), noted(run)) == (first, first), (first, second)
            transaction.set_rollback(True)


def test_delayed_run_keeps_no_slot_from_the_next(scribe, ana):
    Agent.objects.update(max_concurrent=1)
    delayed, ready = run_of(scribe, ana, "Delayed"), run_of(scribe, ana, "Ready")
    be_next_try(delayed, ana)
    assert (noted(delayed), noted(ready)) == ("next_try", "starting")
    assert claimed(scribe) == ready


def test_second_question_of_a_room_waits_for_the_first(room, scribe, ana):
    first, second = question(room, scribe, ana), question(room, scribe, ana)
    assert (noted(first), noted(second), decided(second)) == ("starting", "held_up", "held_up")
    assert (claimed(scribe), claimed(scribe)) == (first, None)


def test_failed_gateway_is_probed_by_the_first_run_alone(scribe, ana):
    first, second = run_of(scribe, ana), run_of(scribe, ana)
    now = timezone.now()
    Gateway.objects.update(failures=circuit_breaker.MAX_FAILURES, retry_at=now - timedelta(seconds=1), down_since=now)
    assert (noted(first), noted(second), decided(second)) == ("starting", "gateway_down", "gateway_down")
    assert (claimed(scribe), claimed(scribe)) == (first, None)


def be_half_open() -> None:
    now = timezone.now()
    Gateway.objects.update(failures=circuit_breaker.MAX_FAILURES, retry_at=now - timedelta(seconds=1), down_since=now)


@pytest.mark.req("FLT-17")
@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol])
def test_failed_probe_goes_back_to_its_place_and_costs_its_card_nothing(scribe, ana, gateway, error):
    first, second = run_of(scribe, ana), run_of(scribe, ana)
    gateway.fails(error)
    for _ in range(dispatch.MAX_SENDS + 2):
        be_half_open()
        assert dispatch.start_next(scribe.pk, "worker") == first
    first.refresh_from_db()
    assert (first.status, first.send_count, first.first_sent_at, first.error) == (Status.QUEUED, 0, None, "")
    assert first.due_at <= timezone.now()
    assert (noted(first), noted(second)) == ("gateway_down", "gateway_down")
    gateway.answers(200, json={"ok": True, "runId": "g"})
    be_half_open()
    assert dispatch.start_next(scribe.pk, "worker") == first
    first.refresh_from_db()
    assert (first.status, first.send_count) == (Status.RUNNING, 1)


@pytest.mark.req("FLT-17")
def test_failed_probe_of_a_late_worker_puts_nothing_back(scribe, ana, gateway):
    run = run_of(scribe, ana)
    gateway.fails(httpx.ConnectError)
    be_half_open()
    slow = dispatch.claim_next(scribe.pk, "slow")
    outcome = dispatch.send(slow.run)
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    lifecycle.release_lease(slow.run)
    be_half_open()
    quick = dispatch.claim_next(scribe.pk, "quick")
    dispatch.apply_outcome(slow, outcome)
    run.refresh_from_db()
    assert (run.status, run.send_count) == (Status.SENDING, quick.run.send_count)


@pytest.mark.req("FLT-17")
def test_what_gateway_answers_to_a_probe_is_no_failed_probe(scribe, ana, gateway):
    run = run_of(scribe, ana)
    gateway.answers(400, text="no")
    be_half_open()
    dispatch.start_next(scribe.pk, "worker")
    run.refresh_from_db()
    assert run.status == Status.FAILED


@pytest.mark.req("FLT-17")
@pytest.mark.parametrize("reason", [None, *scheduler.REASONS])
def test_decisions_cost_the_same_for_a_long_queue(room, run, scribe, ana, monkeypatch, reason):
    """Whatever they are, also when every look at what is silent asks the database."""
    monkeypatch.setattr(processes, "KEPT_SECONDS", 0)
    statements = []
    for length in (3, 16):
        while Run.objects.queued().count() < length:
            run_of(scribe, ana)
            question(room, scribe, ana)
        with transaction.atomic():
            if reason:
                WAYS[reason](run, ana)
            agent, last = Agent.objects.get(pk=scribe.pk), Run.objects.queued().with_related().last()
            with CaptureQueriesContext(connection) as for_all:
                assert len(list(scheduler.decisions(agent))) >= length
            with CaptureQueriesContext(connection) as for_one:
                scheduler.decision(last)
            with CaptureQueriesContext(connection) as for_a_new_one:
                question(room, scribe, ana)
            transaction.set_rollback(True)
        statements.append((len(for_all), len(for_one), len(for_a_new_one)))
    assert statements[0] == statements[1]


def test_full_agent_probes_no_gateway(scribe, ana):
    run = run_of(scribe, ana)
    be_agent_full(run, ana)
    retry_at = timezone.now() - timedelta(seconds=1)
    Gateway.objects.update(failures=circuit_breaker.MAX_FAILURES, retry_at=retry_at, down_since=retry_at)
    assert claimed(scribe) is None
    assert Gateway.objects.get().retry_at == retry_at
