"""The task that somebody has open: its parts, drawn alike for the page, the answer to a click and the socket.

A part is one element, `task-<pk>-<slot>`, made again whenever something touches the task; a browser
that has the same HTML already leaves it alone. Upper apps add parts of their own.
"""

from collections.abc import Callable

from django.template.loader import render_to_string

from apps.projects.models import Event, Project
from apps.projects.realtime.frames import Op
from apps.tasks import markdown
from apps.tasks.board import cards
from apps.tasks.detail import timeline
from apps.tasks.models import Category, Task

Part = Callable[[Task], str]
_parts: dict[str, Part] = {}


def shows(slot: str, part: Part) -> None:
    """Have `part(task)` drawn as the open task's `slot`. Call this in `AppConfig.ready()`."""
    _parts[slot] = part


def parts_of(task: Task) -> dict[str, str]:
    """Every part's HTML by slot, for the language that is active; blind to who looks."""
    return {slot: part(task) for slot, part in _parts.items()}


def fetched(project: Project, pk: int) -> Task | None:
    """The task with what its parts need."""
    tasks = project.tasks.select_related("project", "column", "assignee", "parent").prefetch_related("labels")
    return tasks.filter(pk=pk).first()


def head(task: Task) -> str:
    project = task.project
    members = [cards.who(user) for user in project.members.filter(is_active=True).order_by("kind", "name")]
    context = {
        "task": task,
        "columns": project.columns.all(),
        "members": members,
        "labels": project.labels.all(),
        "own_labels": {label.pk for label in task.labels.all()},
        "priorities": Task.Priority.choices,
        "assignee": cards.who(task.assignee) if task.assignee else None,
    }
    return render_to_string("tasks/board/_head.html", context)


def words(task: Task) -> str:
    return render_to_string(
        "tasks/detail/_description.html", {"task": task, "html": markdown.to_html(task.description)}
    )


def subtasks(task: Task) -> str:
    children = list(task.subtasks.select_related("column", "assignee").order_by("number"))
    context = {
        "task": task,
        "children": [(child, child.assignee and cards.who(child.assignee)) for child in children],
        "done": sum(child.column.category == Category.DONE for child in children),
    }
    return render_to_string("tasks/detail/_subtasks.html", context)


shows("head", head)
shows("words", words)
shows("subtasks", subtasks)


def ops_of(project: Project, events: list[Event], pk: int | None) -> list[Op]:
    """The open task's parts and new entries, if the events touch it."""
    task = fetched(project, pk) if pk is not None and _touch(project, events, pk) else None
    if task is None:
        return []
    ops = [
        Op(op="put", id=f"task-{pk}-{slot}", parent=f"task-panel-{pk}", rank="", html=html, audience=pk)
        for slot, html in parts_of(task).items()
    ]
    return ops + timeline.ops_of(task, events)


def _touch(project: Project, events: list[Event], pk: int) -> bool:
    """Whether they are about the task, one of its subtasks, or whom it may be given to."""
    touched = cards.tasks_in(events)
    return (
        pk in touched
        or any(event.kind.startswith("member.") for event in events)
        or Task.objects.filter(pk__in=touched, parent=pk, project=project).exists()
    )
