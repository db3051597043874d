"""Assigning a task to a member of its project, a person or an agent; and unassigning those who leave."""

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.errors import Refused
from apps.names import isolate
from apps.projects import events, permissions
from apps.projects.changes import locked_for_change
from apps.projects.models import Event, Project
from apps.projects.permissions import Action
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
        if to and not project.memberships.filter(user=to, user__is_active=True).exists():
            raise NotAMember(_("{name} is not in this project.").format(name=isolate(to)))
        if task.assignee_id == (to and to.pk) and not (to and to.is_agent):
            return task
        if by and task.assignee and task.assignee.is_agent:
            permissions.require_reach(by, Action.RUN)
        return _set_assignee(task, project, to=to, by=by, prompt=prompt)


def on_member_left(event: Event) -> None:
    """The former member's open tasks have no assignee any more; those that are done keep theirs.

    Called in the transaction of the removal, so that no assignee is ever outside of the project. Who may
    remove a member may do this with it, also by a token that does not direct agents.
    """
    assigned = Task.objects.filter(project=event.project_id, assignee=event.payload["user"])
    for task in assigned.open():
        _set_assignee(task, event.project, to=None, by=event.actor)


def _set_assignee(task: Task, project: Project, *, to: User | None, by: User | None, prompt: str = "") -> Task:
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
