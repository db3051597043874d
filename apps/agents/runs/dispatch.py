"""Handing a run to its gateway: claimed by one worker, sent with the same bytes, classified, settled.

The rules are D1-D12 of our reliability criteria: see docs/openclaw.md for them in words.
"""

import asyncio
import random
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from apps.accounts.models import User
from apps.agents.gateways import circuit_breaker, openclaw_client
from apps.agents.models import LEASE, Agent, Gateway, Run
from apps.agents.runs import (
    fault_injection,
    lifecycle,
    prompt,
    run_notes,
    targets,
)
from apps.projects import events
from apps.projects.models import Project

SENDS = 12
FIRST_BACKOFF, LONGEST_BACKOFF = 2.0, 300.0  # seconds
REPLAY_WINDOW = timedelta(minutes=4)  # the gateway remembers a key for five
SENDING_AT_ONCE = 8  # a gateway: what it takes, and half of one worker's threads
DEADLINE_FACTOR = 2


class Claim(NamedTuple):
    """A run taken for sending. `was_sent`: an earlier send may have started it.

    `is_stale`: that send is too long ago to be repeated, so the run was not taken after all.
    """

    run: Run
    was_sent: bool
    is_stale: bool


def start_next(agent_id: UUID, worker: str) -> Run | None:
    """Take the first startable run of the agent's queue and send it; None when nothing may start."""
    claim = claim_next(agent_id, worker)
    if claim is None:
        return None
    if claim.is_stale:
        doubt(claim.run)
        return claim.run
    outcome = send(claim.run)
    fault_injection.point("after-post-before-commit")
    settle(claim, outcome)
    return claim.run


@transaction.atomic
def claim_next(agent_id: UUID, worker: str) -> Claim | None:
    """The head of the queue, leased to `worker`; capacity is counted under the agent's row lock."""
    agent = Agent.objects.select_for_update(of=["self"]).select_related("gateway", "user").get(pk=agent_id)
    if not agent.is_enabled or not circuit_breaker.lets_through(agent.gateway):
        return None
    if not _has_room(agent):
        return None
    queue = agent.runs.due().with_related().select_related("requested_by")
    run = queue.select_for_update(of=["self"], skip_locked=True).first()
    if run is None:
        return None
    run.agent = agent
    was_sent_at = run.first_sent_at
    if was_sent_at and timezone.now() - was_sent_at > REPLAY_WINDOW:
        return Claim(run, was_sent=True, is_stale=True)
    if run.request_body is None:
        run.branch = prompt.branch_of(run)
        run.request_path, run.request_body = frozen_request(run)
    Run.objects.filter(pk=run.pk).update(
        status=Run.Status.SENDING,
        leased_by=worker[:100],
        lease_until=Now() + LEASE,
        send_count=F("send_count") + 1,
        first_sent_at=Coalesce(F("first_sent_at"), Now()),
        request_path=run.request_path,
        request_body=run.request_body,
        branch=run.branch,
    )
    run.send_count += 1
    return Claim(run, was_sent=was_sent_at is not None, is_stale=False)


def frozen_request(run: Run) -> tuple[str, bytes]:
    """Path and bytes, made once: a gateway that is reconfigured in mid-run changes neither."""
    return openclaw_client.build_request(
        prompt.prompt_for(run),
        run.session_key,
        agent_id=run.agent.slug,
        timeout=run.agent.timeout_seconds,
        mapped=run.agent.gateway.hooks == Gateway.Hooks.MAPPED,
    )


def client_of(gateway: Gateway) -> openclaw_client.OpenClawClient:
    return openclaw_client.OpenClawClient(gateway.url, gateway.hook_token, gateway.gateway_token)


def send(run: Run) -> openclaw_client.Outcome:
    """POST the frozen bytes, outside any transaction, with the run's id as Idempotency-Key."""
    client = client_of(run.agent.gateway)
    outcome = asyncio.run(client.post_run(run.request_path, bytes(run.request_body), str(run.pk)))
    circuit_breaker.note(run.agent.gateway, reached=outcome.sent, reason=outcome.reason)
    return outcome


def settle(claim: Claim, outcome: openclaw_client.Outcome) -> None:
    """Write down what the answer means. A worker that comes late, or after the result, changes nothing."""
    run = claim.run
    if outcome.kind == openclaw_client.Kind.ADMITTED:
        admit(run, gateway_run_id=outcome.run_id, send_count=run.send_count)
    elif outcome.kind == openclaw_client.Kind.REFUSED:
        lifecycle.close(run, Run.Status.FAILED, by=None, error=outcome.reason, send_count=run.send_count)
    elif claim.was_sent and not outcome.sent:
        # It may have started, and a gateway that no longer listens has forgotten its keys.
        doubt(run)
    elif outcome.kind == openclaw_client.Kind.AMBIGUOUS or claim.was_sent:
        try_again(run, outcome, may_have_started=True)
    else:
        try_again(run, outcome, may_have_started=False)


@transaction.atomic
def admit(run: Run, *, gateway_run_id: str = "", send_count: int | None = None, by: User | None = None) -> bool:
    """The gateway has it: the run works, its clock runs, and its place shows that."""
    project = Project.objects.locked(run.project_id)
    waiting = Run.objects.filter(pk=run.pk, status__in=[Run.Status.SENDING, Run.Status.UNCERTAIN, Run.Status.QUEUED])
    if send_count is not None:
        waiting = waiting.filter(send_count=send_count, status=Run.Status.SENDING)
    admitted = waiting.update(
        status=Run.Status.RUNNING,
        started_at=Coalesce(F("started_at"), Now()),
        deadline_at=deadline_of(run),
        lease_until=None,
        error="",
        **({"gateway_run_id": gateway_run_id} if gateway_run_id else {}),
    )
    if not admitted:
        return False
    run_notes.put(run, run_notes.State.WORKING, "working")
    events.record(project, "run.started", by=run.agent.user, **targets.marks(run), attempt=run.attempt)
    targets.of(run).begin(run)
    return True


def deadline_of(run: Run) -> CombinedExpression:
    """When nobody having reported on `run` means that its time is up (database clock)."""
    return Now() + timedelta(seconds=run.agent.timeout_seconds * DEADLINE_FACTOR)


@transaction.atomic
def try_again(run: Run, outcome: openclaw_client.Outcome, *, may_have_started: bool) -> None:
    """Back into the queue, later; after SENDS attempts, or outside the replay window, not any more."""
    delay = outcome.retry_after or backoff(run.send_count)
    if may_have_started:
        run.refresh_from_db(fields=["first_sent_at"])
        left = (run.first_sent_at + REPLAY_WINDOW - timezone.now()).total_seconds()
        if left <= 1 or run.send_count >= SENDS:
            doubt(run)
            return
        delay = min(delay, left / 2)
    elif run.send_count >= SENDS:
        lifecycle.close(run, Run.Status.FAILED, by=None, error=outcome.reason, send_count=run.send_count)
        return
    project = Project.objects.locked(run.project_id)
    requeued = Run.objects.filter(pk=run.pk, status=Run.Status.SENDING, send_count=run.send_count).update(
        status=Run.Status.QUEUED,
        due_at=Now() + timedelta(seconds=delay),
        error=outcome.reason[:500],
        lease_until=None,
        **({} if may_have_started else {"first_sent_at": None}),
    )
    if requeued:
        run.refresh_from_db()
        at = run.due_at.isoformat(timespec="seconds")
        run_notes.put(run, run_notes.State.QUEUED, "next_try", error=run.error, at=at)
        events.record(project, "run.delayed", by=None, **targets.marks(run), error=run.error)
        lifecycle.nudge_later(run)


def backoff(send_count: int) -> float:
    """Seconds: 2 × 2ⁿ with full jitter, five minutes at most."""
    return random.uniform(0.5, min(FIRST_BACKOFF * 2**send_count, LONGEST_BACKOFF))  # noqa: S311 - not a secret


@transaction.atomic
def doubt(run: Run) -> bool:
    """An answer was lost where asking again might run it twice: a person decides."""
    project = Project.objects.locked(run.project_id)
    unsettled = Run.objects.filter(pk=run.pk, status__in=[Run.Status.SENDING, Run.Status.QUEUED])
    if not unsettled.update(status=Run.Status.UNCERTAIN, lease_until=None):
        return False
    run_notes.put(run, run_notes.State.YOU, "uncertain")
    events.record(project, "run.doubted", by=None, **targets.marks(run))
    lifecycle.nudge_later(run)
    return True


def _has_room(agent: Agent) -> bool:
    """Whether the agent has a slot free, and its gateway is not being asked by too many at once."""
    on_gateway = Run.objects.busy().filter(agent__gateway=agent.gateway)
    at_work = on_gateway.aggregate(
        busy=Count("pk", filter=Q(agent=agent)), sending=Count("pk", filter=Q(status=Run.Status.SENDING))
    )
    return at_work["busy"] < agent.max_concurrent and at_work["sending"] < SENDING_AT_ONCE
