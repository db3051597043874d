"""Beginning to work on a task: it becomes one's own, unless it is somebody's, and goes in progress."""

from django.db import transaction

from apps.accounts.models import User
from apps.projects.models import Project
from apps.tasks.actions.assign import assign
from apps.tasks.actions.move import move
from apps.tasks.models import Category, Task

WAITING = (Category.BACKLOG, Category.READY)


@transaction.atomic
def start(task: Task, *, by: User, client: str = "") -> Task:
    """Assign an unassigned `task` to `by`, and move it to the first column in progress if it has not come that far.

    Started twice, nothing happens the second time. `client` names the page that asked.
    """
    project = Project.objects.locked(task.project_id)
    task.refresh_from_db()
    if task.assignee_id is None:
        task = assign(task, to=by, by=by)
    doing = project.columns.filter(category=Category.DOING).first()
    if doing and task.column.category in WAITING:
        task = move(task, to=doing, by=by, client=client)
    return task
