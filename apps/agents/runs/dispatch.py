"""Handing a run to its gateway: claimed by one worker, sent with the same bytes, classified, written down.

The rules are D1-D12 of our reliability criteria: see docs/openclaw.md for them in words.
"""

import asyncio
import random
from datetime import datetime, timedelta
from typing import NamedTuple, cast
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from apps.agents.gateways import circuit_breaker, gateway_identity, openclaw_client
from apps.agents.models import Agent, Gateway, Run
from apps.agents.runs import lifecycle, prompt, scheduler
from apps.agents.runs.states import Status
from apps.sql.compiled import compiled

WITH_AGENT = ("gateway", "user", "failure_streak")
MAX_SENDS = 12
FIRST_BACKOFF, LONGEST_BACKOFF = 2.0, 300.0  # seconds
SHOWN_AFTER = 0.3  # seconds without an answer, after which a card says that its run is being handed over
REPLAY_WINDOW = timedelta(minutes=4)  # the gateway remembers a key for five


class Claim(NamedTuple):
    """A run taken for sending. `was_sent`: an earlier send may have started it.

    `is_stale`: that send is too long ago to be repeated, so the run was not taken after all. `is_probe`: it goes out to
    see whether its gateway can be reached again.
    """

    run: Run
    was_sent: bool
    is_stale: bool
    is_probe: bool = False


def start_next(agent_id: UUID, worker: str) -> Run | None:
    """Take the first startable run of the agent's queue and send it; None when nothing may start."""
    claim = claim_next(agent_id, worker)
    if claim is None:
        return None
    if claim.is_stale:
        lifecycle.mark_uncertain(claim.run)
        return claim.run
    outcome = send(claim.run)
    apply_outcome(claim, outcome)
    return claim.run


@transaction.atomic
def claim_next(agent_id: UUID, worker: str) -> Claim | None:
    """The run that the scheduler allows, leased to `worker`; capacity is counted under the agent's row lock.

    What the agent is judged by is read under the lock: a row joined to the locked one would be as old as the wait.
    """
    _agent_locked.first(pk=agent_id)
    agent = agent_of(agent_id)
    run = scheduler.next_run(agent)
    if run is None:
        return None
    run.agent = agent
    was_sent_at, is_probe = run.first_sent_at, circuit_breaker.is_half_open(agent.gateway)
    if was_sent_at and timezone.now() - was_sent_at > REPLAY_WINDOW:
        return Claim(run, was_sent=True, is_stale=True)
    if not scheduler.take_probes(agent):
        return None
    if run.request_body is None:
        run.branch = prompt.branch_of(run)
        run.request_path, run.request_body = frozen_request(run)
        run.gateway_session_key = openclaw_client.stored_session_key(agent.slug, run.session_key)
    run.gateway = agent.gateway
    frozen = ("request_path", "request_body", "branch", "gateway", "gateway_session_key")
    lifecycle.claim(run, worker, **{field: getattr(run, field) for field in frozen})
    run.send_count += 1
    return Claim(run, was_sent=was_sent_at is not None, is_stale=False, is_probe=is_probe)


@compiled
def _agent_locked(pk: UUID) -> QuerySet[Agent]:
    return Agent.objects.select_for_update().only("pk").filter(pk=pk)


def agent_of(pk: UUID) -> Agent:
    """The agent with all that it is judged by. Raises Agent.DoesNotExist."""
    if agent := _agent.first(pk=pk):
        return agent
    raise Agent.DoesNotExist(f"Agent {pk} is not there any more.")


@compiled
def _agent(pk: UUID) -> QuerySet[Agent]:
    return Agent.objects.select_related(*WITH_AGENT).filter(pk=pk)


def frozen_request(run: Run) -> tuple[str, bytes]:
    """Path and bytes, made once: a gateway that is reconfigured in mid-run changes neither."""
    return openclaw_client.build_request(
        prompt.prompt_for(run),
        run.session_key,
        agent_id=run.agent.slug,
        timeout=run.agent.timeout_seconds,
        model=run.agent.model,
        mapped=run.agent.gateway.hooks == Gateway.Hooks.MAPPED,
    )


def send(run: Run) -> openclaw_client.Outcome:
    """POST the frozen bytes, outside any transaction, with the run's id as Idempotency-Key.

    A gateway that takes its time is seen doing so; where it answers at once the card says what follows.
    """
    client = openclaw_client.OpenClawClient.for_gateway(run.agent.gateway)
    with asyncio.Runner() as runner:
        post = runner.get_loop().create_task(
            client.post_run(run.request_path, bytes(cast(bytes, run.request_body)), str(run.pk))
        )
        if not runner.run(_is_done(post, within=SHOWN_AFTER)):
            lifecycle.show_sending(run)
        outcome = runner.run(_result_of(post))
    gateway_identity.remember(run.agent.gateway, client.identity)
    reason = f"{outcome.code} {outcome.original}".strip()
    circuit_breaker.record_result(run.agent.gateway, reached=outcome.sent, reason=reason)
    return outcome


async def _is_done(task: asyncio.Task[openclaw_client.Outcome], *, within: float) -> bool:
    done, _running = await asyncio.wait([task], timeout=within)
    return bool(done)


async def _result_of(task: asyncio.Task[openclaw_client.Outcome]) -> openclaw_client.Outcome:
    return await task


def apply_outcome(claim: Claim, outcome: openclaw_client.Outcome) -> None:
    """Write down what the answer means. A worker that comes late, or after the result, changes nothing."""
    run = claim.run
    if outcome.kind == openclaw_client.Kind.ADMITTED:
        circuit_breaker.note_admission(run.agent.gateway)
        lifecycle.admit(run, gateway_run_id=outcome.run_id, send_count=run.send_count)
    elif claim.is_probe and not outcome.sent and not claim.was_sent:
        lifecycle.put_back(run)
    elif outcome.kind == openclaw_client.Kind.REFUSED:
        _fail(run, outcome)
    elif claim.was_sent and not outcome.sent:
        # It may have started, and a gateway that no longer listens has forgotten its keys.
        lifecycle.mark_uncertain(run, send_count=run.send_count)
    elif outcome.kind == openclaw_client.Kind.AMBIGUOUS or claim.was_sent:
        send_again_later(run, outcome, may_have_started=True)
    else:
        send_again_later(run, outcome, may_have_started=False)


def _fail(run: Run, outcome: openclaw_client.Outcome) -> None:
    """By the code of what the gateway answered; its own words are the details."""
    about = {"error": outcome.original, "cause": outcome.code}
    lifecycle.close(run, Status.FAILED, by=None, send_count=run.send_count, **about)


@transaction.atomic
def send_again_later(run: Run, outcome: openclaw_client.Outcome, *, may_have_started: bool) -> None:
    """Back into the queue, later; after MAX_SENDS attempts, or outside the replay window, not any more."""
    delay = outcome.retry_after or backoff(run.send_count)
    if may_have_started:
        run.refresh_from_db(fields=["first_sent_at"])
        left = (cast(datetime, run.first_sent_at) + REPLAY_WINDOW - timezone.now()).total_seconds()
        if left <= 1 or run.send_count >= MAX_SENDS:
            lifecycle.mark_uncertain(run, send_count=run.send_count)
            return
        delay = min(delay, left / 2)
    elif run.send_count >= MAX_SENDS:
        _fail(run, outcome)
        return
    due_at = Now() + timedelta(seconds=delay)
    lifecycle.requeue(run, error=outcome.original, cause=outcome.code, due_at=due_at, may_have_started=may_have_started)


def backoff(send_count: int) -> float:
    """Seconds: 2 × 2ⁿ with full jitter, five minutes at most."""
    return random.uniform(0.5, min(FIRST_BACKOFF * 2**send_count, LONGEST_BACKOFF))  # noqa: S311 - not a secret
