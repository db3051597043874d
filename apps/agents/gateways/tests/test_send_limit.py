"""A cold gateway is handed two runs at a time, a warm one eight."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.agents.gateways import circuit_breaker, restarts
from apps.agents.models import Gateway, Run
from apps.agents.runs import dispatch, scheduler
from apps.agents.tests.factories import agent_in, run_of

pytestmark = [pytest.mark.django_db, pytest.mark.queue_off, pytest.mark.req("FLT-11")]


def claimed(agents) -> list[dispatch.Claim]:
    """What workers take while no gateway has answered yet."""
    claims = [dispatch.claim_next(agent.pk, "worker") for agent in agents for _ in range(agent.max_concurrent)]
    return [claim for claim in claims if claim]


@pytest.fixture
def agents(board, ana):
    """Three agents of one gateway, with 24 runs."""
    first = agent_in(board, "First", max_concurrent=8)
    agents = [first, *(agent_in(board, name, gateway=first.gateway, max_concurrent=8) for name in ("Second", "Third"))]
    for agent in agents:
        for number in range(8):
            run_of(agent, ana, f"Task {number}")
    return agents


def test_cold_gateway_is_sent_two_then_eight(agents, gateway):
    cold = claimed(agents)
    assert len(cold) == circuit_breaker.MAX_SENDING_COLD
    waiting = Run.objects.queued().filter(agent=agents[0]).first()
    assert scheduler.decision(Run.objects.with_related().get(pk=waiting.pk)).code == "gateway_busy"
    for claim in cold:
        dispatch.apply_outcome(claim, dispatch.send(claim.run))
    assert len(claimed(agents)) == circuit_breaker.MAX_SENDING


@pytest.mark.parametrize("answer", [503, 429])
def test_gateway_that_took_nothing_stays_cold(agents, gateway, answer):
    gateway.answers(answer)
    for claim in claimed(agents):
        dispatch.apply_outcome(claim, dispatch.send(claim.run))
    assert Gateway.objects.get().admitted_at is None


def test_gateway_is_cold_after_its_start_and_after_a_rest(agents):
    row = Gateway.objects.get()
    circuit_breaker.note_admission(row)
    row.refresh_from_db()
    assert circuit_breaker.max_sending(row) == 8
    restarts.came_back(row)
    row.refresh_from_db()
    assert circuit_breaker.max_sending(row) == 2
    row.admitted_at = timezone.now() - circuit_breaker.WARM_FOR - timedelta(seconds=1)
    assert circuit_breaker.max_sending(row) == 2
