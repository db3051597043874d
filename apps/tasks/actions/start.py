"""Starting a task: it gets an assignee, unless it has one, and goes in progress."""

from apps.accounts.models import User
from apps.projects.changes import locked_for_change
from apps.projects.permissions import Action
from apps.tasks.actions.assign import assign
from apps.tasks.actions.move import move
from apps.tasks.models import Category, Task

NOT_STARTED = (Category.BACKLOG, Category.READY)


def start(task: Task, *, by: User, client: str = "") -> Task:
    """Assign an unassigned `task` to `by`, and move it to the first column in progress if it has not come that far.

    Started twice, nothing happens the second time. `client` names the page that asked.
    """
    with locked_for_change(task.project_id, task, by=by, needs=Action.WRITE) as project:
        if task.assignee_id is None:
            task = assign(task, to=by, by=by)
        doing = project.columns.filter(category=Category.DOING).first()
        if doing and task.column.category in NOT_STARTED:
            task = move(task, to=doing, by=by, client=client)
        return task
