"""Where a card stands in its column: the place that people are told, and the gaps that pages leave out."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min, Q
from django.urls import reverse

from apps.projects.models import Project
from apps.tasks.board.cards import PAGE
from apps.tasks.models import Task


@dataclass
class Gap:
    """The cards of a column that a page leaves out: those between two ranks; without `before`, up to the end."""

    after: str
    before: str = ""


@dataclass
class Place:
    """The `number`th of `count` cards, and the ranks on both sides, "" at an end."""

    number: int
    count: int
    previous: str
    next: str


def place_of(task: Task) -> Place:
    """As it is now, for the column and the rank that `task` was read with."""
    found = Task.objects.filter(column=task.column_id).aggregate(
        number=Count("pk", filter=Q(rank__lte=task.rank)),
        count=Count("pk"),
        previous=Max("rank", filter=Q(rank__lt=task.rank), default=""),
        next=Min("rank", filter=Q(rank__gt=task.rank), default=""),
    )
    return Place(**found)


def url_on_board(project: Project, task: Task, place: Place) -> str:
    """Where the board shows the card of `task`, also when it is not among the first of its column."""
    query = f"?show={task.number}" if place.number > PAGE else ""
    return f"{reverse('tasks:board', args=[project.key])}{query}#task-{task.pk}"


def facts_for_script(project: Project, task: Task, *, is_new: bool) -> dict[str, Any]:
    """What the page of whoever has just put `task` there needs to show it and to tell where it is."""
    place = place_of(task)
    return {
        "task": task.pk,
        "number": task.number,
        "key": f"{project.key}-{task.number}",
        "title": task.title,
        "column": task.column_id,
        "name": task.column.name,
        "rank": task.rank,
        "previous": place.previous,
        "next": place.next,
        "place": place.number,
        "count": place.count,
        "url": url_on_board(project, task, place),
        "is_new": is_new,
    }
