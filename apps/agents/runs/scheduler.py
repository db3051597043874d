"""Which run of an agent's queue may start, and why each of the others waits: one rule answers both.

Dispatch starts what `next_run` returns; the status notes of waiting runs say what `decisions` and
`decision` return.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Now

from apps.agents import processes
from apps.agents.gateways import circuit_breaker
from apps.agents.models import Agent, FailureStreak, Run, StopRequest
from apps.agents.models.run import RunQuerySet
from apps.agents.roster import failure_streaks
from apps.agents.runs.states import Status
from apps.sql.compiled import compiled

# What keeps a run from starting; of several the first one here is said.
REASONS = (
    "paused",
    "agent_disabled",
    "gateway_disabled",
    "agent_failing",
    "gateway_down",
    "next_try",
    "held_up",
    "agent_full",
    "gateway_busy",
)

# What holds up a run that may start: without a worker everything but what somebody has stopped, else the start alone.
HELD_UP_BY = {processes.WORKER: "no_worker", processes.BROKER: "no_broker", processes.BEAT: "no_beat"}
STOPPED = ("paused", "agent_disabled", "gateway_disabled", "agent_failing")


class Reason(NamedTuple):
    """Why a run does not start now: a code of `REASONS` or `HELD_UP_BY`, and the facts of its sentence."""

    code: str
    facts: dict[str, Any]


class Load(NamedTuple):
    """How many runs take the agent's slots, how many are being sent to its gateway, why it is paused, if it is, and
    which processes are silent: asked once for all that wait."""

    agent: Agent
    busy: int
    sending: int
    pause: FailureStreak | None
    silent: tuple[str, ...]


def next_run(agent: Agent) -> Run | None:
    """The run that would start next, its row locked; None when none may. Call it under the agent's row lock.

    What it is sent on is taken last, by `take_probes`: nothing that does not go out uses up a probe.
    """
    run = _ready.first(agent=agent.pk, gateway=agent.gateway_id)
    if run is None:
        return None
    load = Load(agent, run.agent_busy, run.gateway_sending, failure_streaks.pause_of(agent), ())
    return None if _agent_reason(load, ahead=0) else run


@compiled
def _ready(agent: UUID, gateway: int) -> QuerySet[Run]:
    """The first that nothing of its own keeps, with the counts of `_counts`."""
    of_gateway = Run.objects.busy().filter(agent__gateway=gateway)
    ready = _queue_of(agent).filter(Q(obstacle=None)).with_related()
    counts = {
        "agent_busy": _count_of(Run.objects.busy().filter(agent=agent)),
        "gateway_sending": _count_of(of_gateway.filter(status=Status.SENDING)),
    }
    return ready.annotate(**counts).select_for_update(of=["self"], skip_locked=True)[:1]


def _count_of(runs: QuerySet[Run]) -> Subquery:
    return Subquery(runs.order_by().values(count=Func("pk", function="COUNT", output_field=IntegerField())))


def take_probes(agent: Agent) -> bool:
    """Whether the run that `next_run` found goes out now: of all who would probe a gateway or an agent, one may."""
    return circuit_breaker.allows_request(agent.gateway) and failure_streaks.take_probe(agent)


def decisions(agent: Agent) -> Iterator[tuple[Run, Reason | None]]:
    """Each run of the agent's queue with what keeps it waiting, None for one that may start.

    As many statements for a long queue as for a short one.
    """
    load, ahead, sessions = _load_of(agent, silent=processes.silent()), 0, set()
    for run in _waiting.all(agent=agent.pk):
        yield run, _reason(run, load, ahead=ahead, is_behind_its_session=run.session_key in sessions)
        if run.obstacle is None and run.session_key not in sessions:
            ahead += 1
            sessions.add(run.session_key)


@compiled
def _waiting(agent: UUID) -> QuerySet[Run]:
    return _queue_of(agent).with_related().defer("request_body")


def decision(run: Run) -> Reason | None:
    """What keeps one queued run waiting, None if it may start."""
    queue = _queue_of(run.agent_id)
    run.obstacle = queue.values_list("obstacle", flat=True).get(pk=run.pk)  # type: ignore[misc]  # `_queue_of` annotates it
    earlier = Q(priority__gt=run.priority) | Q(priority=run.priority, queued_at__lt=run.queued_at)
    ahead = queue.filter(earlier & Q(obstacle=None)).aggregate(
        sessions=Count("session_key", distinct=True), same=Count("pk", filter=Q(session_key=run.session_key))
    )
    load = _load_of(run.agent, silent=processes.silent())
    return _reason(run, load, ahead=ahead["sessions"], is_behind_its_session=ahead["same"] > 0)


def _queue_of(agent: UUID) -> RunQuerySet:
    """The agent's queued runs in their order, each with the `obstacle` that it has by itself, or None."""
    same_session = Run.objects.open().filter(agent=OuterRef("agent"), session_key=OuterRef("session_key"))
    sent = same_session.filter(first_sent_at__isnull=False).exclude(pk=OuterRef("pk"))
    stopping = StopRequest.objects.unconfirmed().filter(
        run__agent=OuterRef("agent"), run__session_key=OuterRef("session_key"), holds_session_until__gt=Now()
    )
    obstacle = Case(
        When(project__pause__isnull=False, then=Value("paused")),
        When(due_at__gt=Now(), then=Value("next_try")),
        When(Exists(stopping), then=Value("behind_stop")),
        When(Exists(sent), then=Value("held_up")),
        output_field=CharField(),
    )
    queued = Run.objects.queued().filter(agent=agent).order_by("-priority", "queued_at")
    return queued.annotate(obstacle=obstacle)  # type: ignore[no-redef]  # declared on the model, for who reads it


def _load_of(agent: Agent, *, silent: tuple[str, ...] = ()) -> Load:
    busy, sending = _counts.first(agent=agent.pk, gateway=agent.gateway_id) or (0, 0)
    return Load(agent, busy, sending, failure_streaks.pause_of(agent), silent)


@compiled
def _counts(agent: UUID, gateway: int) -> QuerySet[Run, tuple[int, int]]:
    """The runs of the gateway that take a slot of the agent, and those that are being sent; no row without any."""
    of_gateway = Run.objects.busy().filter(agent__gateway=gateway).order_by().values("agent__gateway")
    busy, sending = Count("pk", filter=Q(agent=agent)), Count("pk", filter=Q(status=Status.SENDING))
    return of_gateway.annotate(busy=busy, sending=sending).values_list("busy", "sending")


def _reason(run: Run, load: Load, *, ahead: int, is_behind_its_session: bool) -> Reason | None:
    """The first reason of the run itself and of its agent, or what is silent; `ahead` runs start before this one."""
    reasons = (_own_reason(run, is_behind_its_session=is_behind_its_session), _agent_reason(load, ahead=ahead))
    reason = min(filter(None, reasons), key=lambda reason: REASONS.index(reason.code), default=None)
    return _held_up(reason, load) or reason


def _held_up(reason: Reason | None, load: Load) -> Reason | None:
    """What is silent, where that says more than `reason`: nothing leaves a line before a worker is there."""
    for part in load.silent:
        if reason is None or (part == processes.WORKER and reason.code not in STOPPED):
            return Reason(HELD_UP_BY[part], {})
    return None


def _own_reason(run: Run, *, is_behind_its_session: bool) -> Reason | None:
    """What keeps this run from starting, whatever its agent does."""
    if run.obstacle == "paused":
        pause = run.project.pause
        return Reason(
            "paused", {"by": str(pause.paused_by or "")} | ({"restored": True} if pause.after_restore else {})
        )
    if run.obstacle == "next_try":
        return Reason("next_try", {"error": run.error, "cause": run.cause, "at": _iso(run.due_at)})
    if run.obstacle == "behind_stop":
        return Reason("held_up", {"behind_stop": True})
    if run.obstacle == "held_up" or is_behind_its_session:
        return Reason("held_up", {})
    return None


def _agent_reason(load: Load, *, ahead: int) -> Reason | None:
    """What keeps the agent from starting one more run after `ahead` others."""
    agent, gateway = load.agent, load.agent.gateway
    if not agent.is_enabled:
        return Reason("agent_disabled", {})
    if not gateway.is_enabled:
        return Reason("gateway_disabled", {"gateway": gateway.name})
    if (pause := load.pause) and (ahead or not failure_streaks.may_probe(pause)):
        facts = {"error": pause.error, "cause": pause.cause, "count": pause.count}
        return Reason("agent_failing", facts)
    if circuit_breaker.is_open(gateway) or (circuit_breaker.is_half_open(gateway) and ahead):
        return Reason("gateway_down", {"gateway": gateway.name, "since": _iso(gateway.down_since)})
    if load.busy + ahead >= agent.max_concurrent:
        return Reason("agent_full", {"busy": load.busy, "slots": agent.max_concurrent, "place": ahead + 1})
    if load.sending + ahead >= circuit_breaker.max_sending(gateway):
        return Reason("gateway_busy", {"gateway": gateway.name})
    return None


def _iso(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
