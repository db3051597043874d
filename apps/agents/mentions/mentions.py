"""Mentions of agents in a room: who is mentioned there gets a run, in the transaction of the message itself.

A mention always stays a mention. Where it starts nothing, a refusal says why under the message.
"""

from datetime import timedelta
from typing import cast

from django.db.models import Max, QuerySet
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.agents.models import Agent, HandoffPermission, MentionRefusal, Run
from apps.agents.runs import lifecycle, queue, targets
from apps.chat.models import Message
from apps.errors import NotAllowed
from apps.projects import permissions
from apps.projects.models import Event
from apps.projects.permissions import Action
from apps.tasks.models import Task

MAX_HANDOFF_DEPTH = 3  # agents that start agents, one after the other
MAX_HANDOFFS_PER_DAY = 20  # runs of a project that agents' messages start
Reason = MentionRefusal.Reason


def on_message_saved(event: Event) -> None:
    """Start the agents that a message mentions, when it is posted and when an edit brings them in."""
    if not event.payload["mentions"]:  # most messages: they cost nothing here
        return
    mentioned = Agent.objects.filter(user__in=event.payload["mentions"]).exclude(user=event.actor)
    for agent in mentioned.select_related("gateway", "user").order_by("pk"):
        message = Message.objects.select_related("room__project", "author").get(pk=event.payload["message"])
        if not (message.runs.filter(agent=agent).exists() or message.mention_refusals.filter(agent=agent).exists()):
            start_or_refuse(message, agent, by=cast(User, event.actor))


def start_or_refuse(message: Message, agent: Agent, *, by: User) -> None:
    """Queue a run of `agent` that answers `message`, or store why there will be none. Under the project's lock."""
    depth = _handoff_depth(message, by)
    if reason := _refusal_reason(message, agent, by, depth):
        MentionRefusal.objects.create(message=message, agent=agent, reason=reason)
    else:
        queue.enqueue(
            targets.MessageTarget(message, referenced_task=_referenced_task(message), handoff_depth=depth), agent, by=by
        )


def _refusal_reason(message: Message, agent: Agent, by: User, depth: int) -> Reason | None:
    project = message.room.project
    try:
        permissions.require(by, Action.RUN, project)
    except NotAllowed:
        return Reason.ROLE
    if not agent.takes_work:
        return Reason.DISABLED
    if not by.is_agent:
        return None
    if not HandoffPermission.objects.filter(project=project, from_agent__user=by, to_agent=agent).exists():
        return Reason.HANDOFF
    if depth > MAX_HANDOFF_DEPTH:
        return Reason.DEPTH
    today = project.runs.filter(handoff_depth__gt=0, created_at__gt=Now() - timedelta(days=1))
    return Reason.DAILY_LIMIT if today.count() >= MAX_HANDOFFS_PER_DAY else None


def _handoff_depth(message: Message, by: User) -> int:
    """One more than that of the run which `message` answers, or of the deepest that its author works at."""
    if not by.is_agent:
        return 0
    own = Run.objects.filter(agent__user=by, project=message.room.project)
    answered = own.filter(pk=message.client_message_id, message__room=message.room)
    at_work = answered if answered.exists() else own.busy()
    return 1 + (at_work.aggregate(deepest=Max("handoff_depth"))["deepest"] or 0)


def _referenced_task(message: Message) -> Task | None:
    """The one task that the message points at; of several none."""
    named = Task.objects.filter(message_references__message=message)[:2]
    return named[0] if len(named) == 1 else None


def on_message_deleted(event: Event) -> None:
    """Runs that a deleted message started end, and the text of a deleted answer is not kept."""
    message = event.payload["message"]
    for run in Run.objects.open().filter(message=message).with_related():
        lifecycle.close(run, Run.Status.CANCELLED, by=event.actor, cause="message_deleted")
    answers = Message.objects.filter(pk=message).values("client_message_id")
    Run.objects.filter(pk__in=answers, message__isnull=False).update(result="")


def on_room_archived(event: Event) -> None:
    """Nothing is posted in an archived room, so nothing is answered there any more."""
    for run in Run.objects.open().filter(message__room=event.payload["room"]).with_related():
        lifecycle.close(run, Run.Status.CANCELLED, by=event.actor, cause="room_archived")


def without_open_runs(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Retention keeps a message that an agent is answering."""
    return messages.exclude(runs__in=Run.objects.open())


def on_member_left(event: Event) -> None:
    """The runs of an agent that leaves the project end."""
    asked = Run.objects.open().filter(project=event.project, agent__user=event.payload["user"], message__isnull=False)
    for run in asked.with_related():
        lifecycle.close(run, Run.Status.CANCELLED, by=event.actor, cause="agent_left")
