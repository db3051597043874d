"""What the audit keeps of runs and of what agents change: one chain from person to change."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts import audit
from apps.agents.models import Run
from apps.chat.models import Message
from apps.projects.models import Event
from apps.sql.compiled import compiled

RUN_EVENTS = {
    "run.queued": _("asked for a run"),
    "run.handed_over": _("handed a run over"),
    "run.started": _("started a run"),
    "run.sent_again": _("handed a run over again"),
    "run.closed": _("ended a run"),
    "run.stopped": _("knows that a run has stopped"),
    "run.stop_unconfirmed": _("does not know whether a run has stopped"),
    "run.delayed": _("could not hand a run over"),
    "run.marked_uncertain": _("lost an answer about a run"),
    "run.interrupted": _("was interrupted in a run"),
    "run.reopened": _("finished a run late"),
    "run.accepted": _("accepted a result"),
    "run.changes_requested": _("sent a result back"),
    "run.pull_request_linked": _("tied a pull request to a run"),
    "run.merged": _("merged a pull request with a result"),
}
DIRECT_ACTIONS = {
    "callback.received": _("reported on a run"),
    "callback.without_effect": _("reported what changed nothing"),
    "callback.refused": _("sent a report that was refused"),
    "gateway.added": _("added a gateway"),
    "gateway.changed": _("changed a gateway"),
    "gateway.deleted": _("deleted a gateway"),
    "agent.added": _("added an agent"),
    "agent.changed": _("changed an agent"),
    "agent.deleted": _("deleted an agent"),
}
MESSAGE_EVENTS = {"message.posted": _("wrote in a room")}
SETTING_EVENTS = {
    "agents.paused": _("paused all agents"),
    "agents.resumed": _("resumed all agents"),
    "agents.restored": _("paused all agents after a restore"),
    "agents.released": _("resumed all agents after a restore"),
    "handoff.allowed": _("let an agent start another"),
    "handoff.revoked": _("kept an agent from starting another"),
}
OMITTED_FACTS = ("run", "prompt", "title", "error", "url")  # what somebody wrote stands where it was written
TASK_EVENTS = {
    "task.created": _("created a task"),
    "task.moved": _("moved a task"),
    "task.edited": _("changed a task"),
    "task.assigned": _("assigned a task"),
    "comment.created": _("commented on a task"),
}
_at_hand: ContextVar[Run | None] = ContextVar("run_at_hand", default=None)


@contextmanager
def of_run(run: Run) -> Iterator[None]:
    """Have what is recorded meanwhile take `run`, the latest of its agent on its task, instead of reading it again.

    Call it under the project's lock.
    """
    before = _at_hand.set(run)
    try:
        yield
    finally:
        _at_hand.reset(before)


def on_run_event(event: Event) -> None:
    """Somebody asked for a run or decided on it, or it went a step further."""
    key, run = UUID(event.payload["run"]), _at_hand.get()
    _record(event, run if run and run.pk == key else _run.first(pk=key))


def on_task_event(event: Event) -> None:
    """An agent changes a task only as its latest run of it."""
    if event.actor and event.actor.is_agent:
        run = _at_hand.get()
        is_its = run and run.task_id == event.task_id is not None and run.agent.user_id == event.actor.pk
        _record(event, run if is_its else _latest_run.first(task=event.task_id or 0, user=event.actor.pk))


def on_message_event(event: Event) -> None:
    """An agent's answer is of the run whose id it has; what it writes besides is of none."""
    if event.actor and event.actor.is_agent:
        answered = Message.objects.filter(pk=event.payload["message"]).values("client_message_id")
        _record(event, _with_requester(Run.objects.filter(pk__in=answered)).first())


def on_setting_event(event: Event) -> None:
    """Somebody decided what the agents of the project may do."""
    _record(event, None)


@compiled
def _run(pk: UUID) -> QuerySet[Run]:
    return _with_requester(Run.objects.filter(pk=pk))


@compiled
def _latest_run(task: int, user: int) -> QuerySet[Run]:
    return _with_requester(Run.objects.filter(task=task, agent__user=user).order_by("-attempt"))[:1]


def _with_requester(runs: QuerySet[Run]) -> QuerySet[Run]:
    """No more of a run than who asked for it, by name."""
    return runs.select_related("requested_by").only("requested_by__name", "requested_by__username")


def _record(event: Event, run: Run | None) -> None:
    facts = {name: value for name, value in event.payload.items() if name not in OMITTED_FACTS}
    about: dict[str, Any] = {"run": run.pk, "asked_by": run.requested_by} if run else {}
    audit.record(event.kind, by=event.actor, project_id=event.project_id, task=event.task_id, **about, **facts)
