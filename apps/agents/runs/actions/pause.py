"""Pauses all agents of a project, and resumes them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.agents.models import Agent, Pause, Run
from apps.agents.models.run import RunQuerySet
from apps.agents.runs import lifecycle, wait_reasons, wake
from apps.agents.runs.actions.retry import retry
from apps.agents.runs.states import Status
from apps.chat.messages.actions.post import post_system_message
from apps.errors import NotAllowed
from apps.projects import events, permissions
from apps.projects.changes import locked_for_change
from apps.projects.models import Project
from apps.projects.permissions import Action


def pause(project: Project, *, by: User, stop: bool = False) -> Pause:
    """Start nothing more in `project`, log `agents.paused` and post it in its room.

    What the agents work at may be finished, unless they are to `stop`: then it waits again where it stood in line. A
    project that is paused already stays paused by whoever did it, and may still be stopped.
    """
    with _locked_for_maintainer(project, by) as project:
        pauses = Pause.objects.select_related("paused_by")
        found, is_new = pauses.get_or_create(project=project, defaults={"paused_by": by})
        if is_new or stop:
            _let_claims_end(project)
        if is_new:
            announce(project, "agents.paused", by)
        if stop:
            for run in runs_at_work(project).with_related().order_by("queued_at"):
                lifecycle.close(run, Status.CANCELLED, by=by)
                retry(run, by=run.requested_by, keeps_place=True, as_board=True)
        if is_new or stop:
            say_why_all_wait(project)
    return found


def resume(project: Project, *, by: User) -> bool:
    """Let the agents go on where they were, and log `agents.resumed`; False when nobody had paused them."""
    with _locked_for_maintainer(project, by) as project:
        was_paused = bool(Pause.objects.filter(project=project).delete()[0])
        if was_paused:
            announce(project, "agents.resumed", by)
            say_why_all_wait(project)
    return was_paused


def runs_at_work(project: Project) -> RunQuerySet:
    """What a pause lets finish or stops: also what was sent and waits to be sent again, for it may have begun."""
    may_have_begun = Q(status__in=Run.BUSY) | Q(status=Status.QUEUED, first_sent_at__isnull=False)
    return Run.objects.filter(may_have_begun, project=project)


@contextmanager
def _locked_for_maintainer(project: Project, by: User) -> Iterator[Project]:
    """The project's lock, for somebody who directs agents and manages the project."""
    with locked_for_change(project, by=by, needs=Action.RUN) as locked:
        if not permissions.may(by, Action.MANAGE, locked):
            raise NotAllowed(_("Only maintainers and owners of the project pause and resume its agents."))
        yield locked


def announce(project: Project, what: str, actor: User | None) -> None:
    """Log it, and have the board post it in the project's own room."""
    events.record(project, what, by=actor)
    post_system_message(project.rooms.get(is_default=True), what, actor=actor, name=str(actor or ""))


def _let_claims_end(project: Project) -> None:
    """Wait for workers that took a run before they could see the pause: those runs are busy then, as we look.

    Whoever claims later has to have the same lock and sees the pause.
    """
    agents = Agent.objects.select_for_update().filter(pk__in=_agents_with_queue(project)).order_by("pk")
    list(agents.values_list("pk"))


def say_why_all_wait(project: Project) -> None:
    """Have every waiting card say it at once, whether workers run or not, and the queues looked at."""
    for agent in Agent.objects.filter(pk__in=_agents_with_queue(project)).select_related("gateway", "user"):
        wait_reasons.refresh_in(project, agent)
        wake.wake_after_commit(agent.pk)


def _agents_with_queue(project: Project) -> Iterable[UUID]:
    return Run.objects.queued().filter(project=project).order_by().values_list("agent", flat=True).distinct()
