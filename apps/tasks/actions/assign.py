"""Handing a task to a member of its project: a person or an agent; and taking it from those who leave."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.errors import Refused
from apps.projects import events, permissions
from apps.projects.models import Event, Project
from apps.projects.permissions import Action
from apps.tasks.models import Task


class NotAMember(Refused):
    code = "not_a_member"
    api_status = 400


@transaction.atomic
def assign(task: Task, *, to: User | None, by: User | None, prompt: str = "") -> Task:
    """Make `to` the assignee (None: nobody) and log `task.assigned`.

    `prompt` is what the requester adds for an agent. What hangs on it, such as an agent's run,
    happens in the same transaction; assigning the same agent again asks it again.
    Raises NotAMember when `to` is not in the project, NotAllowed when an agent gains or loses the
    task by a token that does not direct agents, and what the subscribers refuse.
    """
    project = Project.objects.locked(task.project_id)
    task.refresh_from_db()
    if to and not project.memberships.filter(user=to, user__is_active=True).exists():
        raise NotAMember(_("{name} is not in this project.").format(name=to))
    before = task.assignee_id
    if before == (to and to.pk) and not (to and to.is_agent):
        return task
    if by and not by.may_direct_agents and any(each and each.is_agent for each in (task.assignee, to)):
        permissions.require_reach(by, Action.RUN)
    return _hand(task, project, to=to, by=by, prompt=prompt)


def on_member_left(event: Event) -> None:
    """What the former member had open is nobody's now, so that it is not waiting for them; what is done stays theirs.

    Within the transaction of the leaving: nobody outside a project is ever due to do something in it.
    Who may take a member out may do this with it, also by a token that does not direct agents.
    """
    theirs = Task.objects.filter(project=event.project_id, assignee=event.payload["user"])
    for task in theirs.open():
        _hand(task, event.project, to=None, by=event.actor)


def _hand(task: Task, project: Project, *, to: User | None, by: User | None, prompt: str = "") -> Task:
    """Call it under the project's lock."""
    before = task.assignee_id
    task.assignee = to
    task.version += 1
    task.save(update_fields=["assignee", "version", "updated_at"])
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
    task.refresh_from_db()
    return task
