"""Who is offered for a task: the first of a project's people and agents, or those who are looked for."""

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.projects.members import member_list
from apps.tasks.models import Task

MOST_OFFERED = 25


def offered(task: Task, query: str = "") -> tuple[list[User], bool]:
    """As many as a list shows, whoever has the task among them, and whether there are more."""
    found = list(_called(task, query)[: MOST_OFFERED + 1])
    shown, has_more = found[:MOST_OFFERED], len(found) > MOST_OFFERED
    if task.assignee and task.assignee.is_active and task.assignee not in shown:
        shown.insert(0, task.assignee)
    return shown, has_more


def _called(task: Task, query: str) -> QuerySet[User]:
    members = task.project.members.filter(is_active=True)
    if query:
        members = members.filter(pk__in=member_list.called(task.project, query).values("user"))
    return members.order_by("kind", "name")
