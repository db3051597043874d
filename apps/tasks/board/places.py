"""Where a card stands in its column: the place that people are told, and the gaps that pages leave out."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.urls import reverse

from apps.projects.models import Project
from apps.tasks.board.cards import PAGE
from apps.tasks.models import Task

# By hand: each move asks it, and the ORM takes longer to write it than the database to answer.
_PLACE = """
    SELECT count(*) FILTER (WHERE rank <= %(rank)s), count(*),
           coalesce(max(rank) FILTER (WHERE rank < %(rank)s), ''),
           coalesce(min(rank) FILTER (WHERE rank > %(rank)s), '')
    FROM tasks_task WHERE column_id = %(column)s
"""


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
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, {"column": task.column_id, "rank": task.rank})
        return Place(*cursor.fetchone())


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
