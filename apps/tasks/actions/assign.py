"""Assigning a task to a member of its project, a person or an agent; and unassigning those who leave."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.errors import Refused
from apps.names import isolate
from apps.projects import events, permissions
from apps.projects.changes import locked_for_change
from apps.projects.models import Event, Membership, Project
from apps.projects.permissions import Action
from apps.sql.compiled import compiled
from apps.sql.refresh import read_anew
from apps.sql.statements import Statement
from apps.tasks.models import Task


class NotAMember(Refused):
    code = "not_a_member"
    api_status = 400


def assign(task: Task, *, to: User | None, by: User | None, prompt: str = "") -> Task:
    """Make `to` the assignee (None: nobody) and log `task.assigned`.

    `prompt` is what the requester adds for an agent. What follows from it, such as an agent's run,
    happens in the same transaction; assigning the same agent again asks it again.
    Raises NotAMember when `to` is not in the project, NotAllowed when an agent gains or loses the
    task by a token that does not direct agents, and what the subscribers refuse.
    """
    # Whoever may direct agents may write too: one statement asks for both.
    needs = Action.RUN if to and to.is_agent else Action.WRITE
    with locked_for_change(task.project_id, task, by=by, needs=needs) as project:
        if to:
            _require_member(to, project)
        if task.assignee_id == (to and to.pk) and not (to and to.is_agent):
            return task
        if by and task.assignee and task.assignee.is_agent:
            permissions.require_reach(by, Action.RUN)
        _set_assignee(task, project, to=to, by=by, prompt=prompt)
        read_anew(task)
        task.project = project
        return task


def assign_new(task: Task, project: Project, *, to: User, by: User | None) -> None:
    """The same for a task that was created under the lock of `project` just now, by whoever was asked there.

    It has had nobody, so it stays as it was created unless an agent begins with it: then it is read anew.
    """
    if to.is_agent and by:
        permissions.require(by, Action.RUN, project)
    _require_member(to, project)
    _set_assignee(task, project, to=to, by=by)
    if to.is_agent:
        read_anew(task)
        task.project = project


def on_member_left(event: Event) -> None:
    """The former member's open tasks have no assignee any more; those that are done keep theirs.

    Called in the transaction of the removal, so that no assignee is ever outside of the project. Who may
    remove a member may do this with it, also by a token that does not direct agents.
    """
    assigned = Task.objects.filter(project=event.project_id, assignee=event.payload["user"])
    for task in assigned.open():
        _set_assignee(task, event.project, to=None, by=event.actor)


def _require_member(to: User, project: Project) -> None:
    if _active_member.first(project=project.pk, user=to.pk) is None:
        raise NotAMember(_("{name} is not in this project.").format(name=isolate(to)))


@compiled
def _active_member(project: int, user: int) -> QuerySet[Membership, int]:
    return Membership.objects.filter(project=project, user=user, user__is_active=True).values_list("pk", flat=True)


class Assigned(NamedTuple):
    """What a task has besides, once it has another assignee."""

    version: int
    updated_at: datetime


_ASSIGN = Statement(
    Assigned,
    """
    UPDATE tasks_task SET assignee_id = %(assignee)s, version = version + 1, updated_at = %(now)s
    WHERE id = %(task)s RETURNING version, updated_at""",
)


def _set_assignee(task: Task, project: Project, *, to: User | None, by: User | None, prompt: str = "") -> None:
    """Call it under the project's lock. What an agent's run makes of the task is read by whoever wants to know."""
    before = task.assignee_id
    task.assignee = to
    task.version, task.updated_at = _ASSIGN.one(task=task.pk, assignee=to and to.pk, now=timezone.now())
    events.record(
        project,
        "task.assigned",
        by=by,
        task=task.pk,
        to=to and to.pk,
        before=before,
        prompt=prompt,
        name=str(to or ""),
        fields=["assignee"],
        version=task.version,
    )
