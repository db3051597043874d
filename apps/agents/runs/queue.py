"""Queues runs for an agent: a task was assigned, a message asked, or another attempt was wanted."""

from typing import cast

from django.db.models import Exists, Max, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.agents import audit_log
from apps.agents.gateways import openclaw_client
from apps.agents.models import Agent, Run
from apps.agents.runs import lifecycle, run_notes, scheduler, stops, targets, wait_reasons, wake
from apps.agents.runs.states import BUSY, Status
from apps.errors import Refused
from apps.names import isolate
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.models import Event
from apps.projects.permissions import Action
from apps.sql.compiled import compiled
from apps.tasks.actions.assign import assign
from apps.tasks.models import Task

PROMPT_BYTES = 200 * 1024  # of the gateway's 256 KiB


class AgentDisabled(Refused):
    code = "agent_disabled"
    api_status = 400


class AgentBusy(Refused):
    code = "agent_busy"
    api_status = 400


class PromptTooLarge(Refused):
    code = "too_large"
    page_status = api_status = 413


class AlreadyOpen(Refused):
    code = "run_open"


def assign_now(agent: Agent, task: Task, *, by: User, prompt: str = "", queue: bool = False) -> Run:
    """Assign `task` to `agent` and return the run that now waits for it.

    The outline's rules: raises AgentDisabled, and AgentBusy unless `queue`, both decided under
    the agent's row lock; PromptTooLarge; AlreadyOpen when the agent works on it already.
    """
    with locked_for_change(task.project_id, by=by, needs=Action.RUN):
        agent = Agent.objects.select_for_update().get(pk=agent.pk)
        _refuse_disabled(agent)
        if not queue and agent.runs.filter(status__in=[*BUSY, Status.QUEUED]).count() >= agent.max_concurrent:
            raise AgentBusy(gettext_lazy("Agent is busy"))
        assign(task, to=agent.user, by=by, prompt=prompt)
        return task.runs.open().get()


def on_assigned(event: Event) -> None:
    """A new assignee: the former one's run ends, and an agent gets a run of its own.

    Within the transaction of the assignment, so that task, run and event stand or fall together.
    """
    if _of_agents.first(task=cast(int, event.task_id), to=event.payload["to"] or 0) is None:
        return
    task = Task.objects.select_related("project").get(pk=cast(int, event.task_id))
    agent = Agent.objects.filter(user=event.payload["to"]).select_related("gateway", "user").first()
    open_run = task.runs.open().select_related("agent", "task").first()
    if open_run and agent and open_run.agent_id == agent.pk:
        raise AlreadyOpen(_("{agent} is on it already.").format(agent=isolate(agent)))
    if open_run:
        cause = "reassigned" if event.payload["to"] else "unassigned"
        lifecycle.close(open_run, Status.CANCELLED, by=event.actor, cause=cause)
        if event.payload["to"]:  # whose the card is now says it all
            run_notes.clear_note(open_run)
    if agent:
        enqueue(targets.TaskTarget(task), agent, by=event.actor, prompt=event.payload["prompt"])


@compiled
def _of_agents(task: int, to: int) -> QuerySet[Task, int]:
    """The task, when its new assignee is an agent or an agent's run of it is open: most pass between people."""
    runs, agents = Run.objects.open().filter(task=task), Agent.objects.filter(user=to)
    return Task.objects.filter(Exists(runs) | Exists(agents), pk=task).order_by().values_list("pk", flat=True)


def on_edited(event: Event) -> None:
    """A task's new priority moves its open run in the queue; whoever waits beside it in the project says so at once."""
    if "priority" not in event.payload["fields"]:
        return
    task = Task.objects.get(pk=cast(int, event.task_id))
    run = task.runs.open().exclude(priority=task.priority).select_related("agent__gateway", "agent__user").first()
    if run and Run.objects.filter(pk=run.pk).update(priority=task.priority):
        wait_reasons.refresh_in(event.project, run.agent)
        wake.wake_after_commit(run.agent_id)


def enqueue(
    target: targets.Target,
    agent: Agent,
    *,
    by: User | None,
    prompt: str = "",
    fresh: bool = False,
    in_place_of: Run | None = None,
    as_board: bool = False,
) -> Run:
    """The agent's next attempt at `target`, in the same session unless `fresh`, asked for by `by`.

    It stands last in line, or where `in_place_of` stood.

    Whoever calls has asked for the right and holds the project's lock. Every way of asking an agent leads
    here, so what is refused here is refused by all: AgentDisabled, except `as_board`, which gives nothing
    new to do; PromptTooLarge.
    """
    if not as_board:
        _refuse_disabled(agent)
    if len(prompt.encode()) > PROMPT_BYTES:
        raise PromptTooLarge(_("That is too long: {limit} KiB at most.").format(limit=PROMPT_BYTES // 1024))
    with locked_for_change(target.project_id) as project:
        attempt = (target.attempts(agent).aggregate(last=Max("attempt"))["last"] or 0) + 1
        session_key = target.session_key(agent, attempt, fresh=fresh)
        run = Run.objects.create(
            project=project,
            agent=agent,
            gateway=agent.gateway,
            gateway_session_key=openclaw_client.stored_session_key(agent.slug, session_key),
            requested_by=by,
            attempt=attempt,
            priority=target.priority,
            prompt=prompt,
            session_key=session_key,
            **({"queued_at": in_place_of.queued_at} if in_place_of else {}),
            **target.run_fields,
        )
        lifecycle.set_aside(run)
        if attempt > 1:
            stops.request_of_earlier_attempts(run, by)
        if not as_board:
            target.show_asked(by)
        target.set_note(run, run_notes.build_wait_note(run, scheduler.decision(run)))
        facts = {**targets.event_facts(run), "attempt": attempt, "agent": agent.name}
        with audit_log.of_run(run):
            events.record(project, "run.queued", by=by, **facts)
        wake.wake_after_commit(agent.pk)
    return run


def _refuse_disabled(agent: Agent) -> None:
    if not agent.takes_work:
        raise AgentDisabled(gettext_lazy("Agent is disabled"))
