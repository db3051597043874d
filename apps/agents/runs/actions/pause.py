"""One switch that stops all agents of a project, and lets them go on."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from apps.accounts.models import User
from apps.agents.models import Agent, Pause, Run
from apps.agents.runs import lifecycle, queue
from apps.agents.runs.actions.cancel import cancel
from apps.chat.messages.post import tell
from apps.projects import events
from apps.projects.models import Project


@transaction.atomic
def pause(project: Project, *, by: User) -> Pause:
    """Start nothing more in `project`, log `agents.paused` and say so in its room; what is worked at is lined up anew.

    A project that is paused already stays paused by whoever did it.
    """
    project = Project.objects.locked(project.pk)
    held, is_new = Pause.objects.select_related("paused_by").get_or_create(project=project, defaults={"paused_by": by})
    if is_new:
        _let_claims_end(project)
        _tell(project, "agents.paused", by)
        for run in Run.objects.busy().filter(project=project).with_related().order_by("created_at"):
            queue.retry(cancel(run, by=by), by=run.requested_by)
        _nudge_those_waiting(project)
    return held


@transaction.atomic
def resume(project: Project, *, by: User) -> bool:
    """Let the agents go on where they were, and log `agents.resumed`; False when nobody had paused them."""
    project = Project.objects.locked(project.pk)
    was_paused, _ = Pause.objects.filter(project=project).delete()
    if was_paused:
        _tell(project, "agents.resumed", by)
        _nudge_those_waiting(project)
    return bool(was_paused)


def _tell(project: Project, what: str, by: User) -> None:
    """Log it, and have the board say so in the project's own room."""
    events.record(project, what, by=by)
    tell(project.rooms.get(is_default=True), what, by=by, name=str(by))


def _let_claims_end(project: Project) -> None:
    """Wait for workers that took a run before they could see the pause: those runs are busy then, as we look.

    Whoever claims later has to have the same lock and sees the pause.
    """
    list(Agent.objects.select_for_update().filter(pk__in=_waiting(project)).order_by("pk").values_list("pk"))


def _nudge_those_waiting(project: Project) -> None:
    for agent_id in _waiting(project):
        lifecycle.nudge_agent_later(agent_id)


def _waiting(project: Project) -> Iterable[UUID]:
    return Run.objects.queued().filter(project=project).order_by().values_list("agent", flat=True).distinct()
