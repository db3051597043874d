"""Lining work up for an agent: assigned, asked again, or sent back."""

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.agents.models import Agent, Run
from apps.agents.runs import lifecycle, targets, wait_reasons
from apps.errors import Refused
from apps.projects import events
from apps.projects.models import Event, Project
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


class StillOpen(Refused):
    code = "run_open"


class Gone(Refused):
    code = "gone"
    page_status = api_status = 410


@transaction.atomic
def assign_now(agent: Agent, task: Task, *, by: User, prompt: str = "", queue: bool = False) -> Run:
    """Assign `task` to `agent` and return the run that now waits for it.

    The outline's rules: raises AgentDisabled, and AgentBusy unless `queue`, both decided under
    the agent's row lock; PromptTooLarge; AlreadyOpen when the agent is on it already.
    """
    Project.objects.locked(task.project_id)
    agent = Agent.objects.select_for_update().get(pk=agent.pk)
    if not agent.is_enabled:
        raise AgentDisabled(gettext_lazy("Agent is disabled"))
    if not queue and agent.runs.filter(status__in=[*Run.BUSY, Run.Status.QUEUED]).count() >= agent.max_concurrent:
        raise AgentBusy(gettext_lazy("Agent is busy"))
    assign(task, to=agent.user, by=by, prompt=prompt)
    return task.runs.open().get()


def on_assigned(event: Event) -> None:
    """A new assignee: the former one's run ends, and an agent gets a run of its own.

    Within the transaction of the assignment, so that task, run and event stand or fall together.
    """
    task = Task.objects.select_related("project").get(pk=event.task_id)
    agent = Agent.objects.filter(user=event.payload["to"]).select_related("gateway", "user").first()
    open_run = task.runs.open().select_related("agent", "task").first()
    if open_run and agent and open_run.agent_id == agent.pk:
        raise AlreadyOpen(_("{agent} is on it already.").format(agent=agent))
    if open_run:
        lifecycle.close(open_run, Run.Status.CANCELLED, by=event.actor, error=_("Given to somebody else."))
    if agent:
        enqueue(targets.OnTask(task), agent, by=event.actor, prompt=event.payload["prompt"])


def enqueue(place: targets.Place, agent: Agent, *, by: User | None, prompt: str = "", fresh: bool = False) -> Run:
    """The agent's next attempt there, in the same session unless `fresh`. Call it under the project's lock."""
    if len(prompt.encode()) > PROMPT_BYTES:
        raise PromptTooLarge(_("That is too long: {limit} KiB at most.").format(limit=PROMPT_BYTES // 1024))
    project = Project.objects.locked(place.project_id)
    attempt = (place.attempts(agent).aggregate(last=Max("attempt"))["last"] or 0) + 1
    run = Run.objects.create(
        project=project,
        agent=agent,
        requested_by=by,
        attempt=attempt,
        priority=place.priority,
        prompt=prompt,
        session_key=place.session_key(agent, attempt, fresh=fresh),
        **place.fields,
    )
    place.say(run, wait_reasons.reason_of(run))
    events.record(project, "run.queued", by=by, **targets.marks(run), attempt=attempt, agent=agent.name)
    lifecycle.nudge_later(run)
    return run


@transaction.atomic
def retry(run: Run, *, by: User | None, fresh: bool = False) -> Run:
    """Attempt n+1 by the same agent, with which an uncertain run ends.

    Raises StillOpen when another one is open, and Gone when what asked for it is not there any more.
    """
    Project.objects.locked(run.project_id)
    run.refresh_from_db(from_queryset=Run.objects.with_related())
    if run.status == Run.Status.UNCERTAIN:
        lifecycle.close(run, Run.Status.FAILED, by=by, error=_("Nobody knows whether it ran; tried again."))
    place = targets.of(run)
    if place.is_gone:
        raise Gone(_("What was asked is not there any more."))
    if place.attempts(run.agent).open().exists():
        raise StillOpen(_("That is asked already."))
    Run.objects.filter(pk=run.pk, review=Run.Review.WAITING).update(review=Run.Review.CHANGES_REQUESTED)
    return enqueue(place, run.agent, by=by, prompt=run.prompt, fresh=fresh)
