"""The panel of an open task: its sections, rendered alike for the page, the answer to a click and the socket.

A section is one element, `task-<pk>-<name>`, rendered again whenever something touches the task; a browser
that has the same HTML already leaves it alone. Upper apps register sections of their own.
"""

import logging
from collections.abc import Callable

from django.db.models import Q
from django.template.loader import render_to_string

from apps.projects.git.repositories.file_pages import file_page_in
from apps.projects.models import Event, Project
from apps.projects.realtime.frames import OUTAGES, Op
from apps.tasks import markdown
from apps.tasks.board import cards
from apps.tasks.detail import assignees, timeline
from apps.tasks.models import Category, Task

log = logging.getLogger(__name__)
Section = Callable[[Task], str]
_sections: dict[str, Section] = {}


def register_detail_section(name: str, section: Section) -> None:
    """Have `section(task)` make the HTML of the open task's section `name`. Call this in `AppConfig.ready()`."""
    _sections[name] = section


def sections_of(task: Task) -> dict[str, str]:
    """Every section's HTML by its name, for the language that is active; the same for every viewer.

    One that can't be rendered says so in its place, and takes no other along.
    """
    return {name: _rendered(name, section, task) for name, section in _sections.items()}


def _rendered(name: str, section: Section, task: Task) -> str:
    try:
        return section(task)
    except OUTAGES:
        raise
    except Exception:
        log.exception("A section of a task could not be rendered", extra={"task": task.pk, "section": name})
        return render_to_string("tasks/detail/_section_failed.html", {"task": task, "name": name})


def head(task: Task) -> str:
    project = task.project
    offered, has_more = assignees.offered(task)
    context = {
        "task": task,
        "columns": project.columns.all(),
        "members": [cards.user_summary(user) for user in offered],
        "has_more_members": has_more,
        "labels": project.labels.all(),
        "own_labels": {label.pk for label in task.labels.all()},
        "priorities": Task.Priority.choices,
        "assignee": cards.user_summary(task.assignee) if task.assignee else None,
    }
    return render_to_string("tasks/board/_head.html", context)


def description(task: Task) -> str:
    html = markdown.to_html(task.description, file_page=file_page_in(task.project))
    return render_to_string("tasks/detail/_description.html", {"task": task, "html": html})


def subtasks(task: Task) -> str:
    children = list(task.subtasks.select_related("column", "assignee").order_by("number"))
    done = sum(child.column.category == Category.DONE for child in children)
    context = {
        "task": task,
        "children": [(child, child.assignee and cards.user_summary(child.assignee)) for child in children],
        "done": done,
        "left_open": len(children) - done if task.column.category == Category.DONE else 0,
    }
    return render_to_string("tasks/detail/_subtasks.html", context)


register_detail_section("head", head)
register_detail_section("description", description)
register_detail_section("subtasks", subtasks)


def ops_of(project: Project, events: list[Event], pk: int | None) -> list[Op]:
    """The open task's sections and new entries, if the events touch it."""
    if pk is None or not _touch(project, events, pk):
        return []
    task = project.tasks.with_relations().filter(pk=pk).first()
    if task is None:
        return []
    ops = [
        Op(op="put", id=f"task-{pk}-{name}", parent=f"task-panel-{pk}", rank="", html=html, audience=pk)
        for name, html in sections_of(task).items()
    ]
    return ops + timeline.ops_of(task, events)


def _touch(project: Project, events: list[Event], pk: int) -> bool:
    """Whether they are about the task, its parent, one of its subtasks, or its possible assignees."""
    touched = cards.tasks_in(events)
    return (
        pk in touched
        or any(event.kind.startswith("member.") for event in events)
        or Task.objects.filter(Q(parent=pk) | Q(subtasks=pk), pk__in=touched, project=project).exists()
    )
