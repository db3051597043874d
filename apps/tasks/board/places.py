"""Where a card stands in its column: the place that people are told, and the gaps that pages leave out."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.urls import reverse

from apps.projects.models import Project
from apps.sql.statements import Statement
from apps.tasks.board.cards import PAGE
from apps.tasks.models import Task


@dataclass
class Gap:
    """The cards of a column that a page leaves out: those between two ranks; without `before`, up to the end."""

    after: str
    before: str = ""


class Place(NamedTuple):
    """The `number`th of `cards`, and the ranks on both sides, "" at an end."""

    number: int
    cards: int
    previous: str
    next: str


_PLACE = Statement(
    Place,
    """
    SELECT count(*) FILTER (WHERE rank <= %(rank)s) AS number, count(*) AS cards,
           coalesce(max(rank) FILTER (WHERE rank < %(rank)s), '') AS previous,
           coalesce(min(rank) FILTER (WHERE rank > %(rank)s), '') AS next
    FROM tasks_task WHERE column_id = %(column)s""",
)


def place_of(task: Task) -> Place:
    """As it is now, for the column and the rank that `task` was read with."""
    return _PLACE.one(column=task.column_id, rank=task.rank)


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
        "count": place.cards,
        "url": url_on_board(project, task, place),
        "is_new": is_new,
    }
