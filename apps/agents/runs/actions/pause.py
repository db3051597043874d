"""Pauses all agents of a project, and resumes them."""

from collections.abc import Iterable
from uuid import UUID

from apps.accounts.models import User
from apps.agents.models import Agent, Pause, Run
from apps.agents.runs import lifecycle, wake
from apps.agents.runs.actions.retry import retry
from apps.agents.runs.states import Status
from apps.chat.messages.actions.post import post_system_message
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.models import Project
from apps.projects.permissions import Action


def pause(project: Project, *, by: User) -> Pause:
    """Start nothing more in `project`, log `agents.paused` and post it in its room; busy runs are queued anew.

    A project that is paused already stays paused by whoever did it.
    """
    with locked_for_change(project, by=by, needs=Action.RUN) as project:
        pauses = Pause.objects.select_related("paused_by")
        found, is_new = pauses.get_or_create(project=project, defaults={"paused_by": by})
        if is_new:
            _let_claims_end(project)
            _announce(project, "agents.paused", by)
            for run in Run.objects.busy().filter(project=project).with_related().order_by("created_at"):
                lifecycle.close(run, Status.CANCELLED, by=by)
                retry(run, by=run.requested_by, as_board=True)
            _wake_queues(project)
    return found


def resume(project: Project, *, by: User) -> bool:
    """Let the agents go on where they were, and log `agents.resumed`; False when nobody had paused them."""
    with locked_for_change(project, by=by, needs=Action.RUN) as project:
        was_paused, _ = Pause.objects.filter(project=project).delete()
        if was_paused:
            _announce(project, "agents.resumed", by)
            _wake_queues(project)
    return bool(was_paused)


def _announce(project: Project, what: str, by: User) -> None:
    """Log it, and have the board post it in the project's own room."""
    events.record(project, what, by=by)
    post_system_message(project.rooms.get(is_default=True), what, actor=by, name=str(by))


def _let_claims_end(project: Project) -> None:
    """Wait for workers that took a run before they could see the pause: those runs are busy then, as we look.

    Whoever claims later has to have the same lock and sees the pause.
    """
    agents = Agent.objects.select_for_update().filter(pk__in=_agents_with_queue(project)).order_by("pk")
    list(agents.values_list("pk"))


def _wake_queues(project: Project) -> None:
    for agent_id in _agents_with_queue(project):
        wake.wake_after_commit(agent_id)


def _agents_with_queue(project: Project) -> Iterable[UUID]:
    return Run.objects.queued().filter(project=project).order_by().values_list("agent", flat=True).distinct()
