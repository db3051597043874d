"""What a run's change does to the card of its task, and who may finish a task whose result waits.

The one place for both. A finished card is a person's word. What an agent reports leaves it there, and while a
result waits for a person, only a person takes the card to a done column, which accepts the result.
"""

from enum import Enum
from functools import cache
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.errors import NotAllowed
from apps.projects import permissions
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.sql.compiled import CompiledQuery, compiled
from apps.tasks.actions.move import ResultWaits, move
from apps.tasks.models import Category, Column, Task


class CardMove(NamedTuple):
    """From a column of one of these categories into the project's first one of `target`; from others it stays."""

    sources: tuple[Category, ...]
    target: Category


class Change(Enum):
    """What happens to a run, with what its card does."""

    # Somebody asks for more after a result, or after the end: the task is at work again.
    ASKED = CardMove((Category.REVIEW, Category.DONE), Category.DOING)
    STARTED = CardMove((Category.BACKLOG, Category.READY, Category.REVIEW), Category.DOING)
    SUCCEEDED = CardMove((Category.BACKLOG, Category.READY, Category.DOING), Category.REVIEW)


def move_card(task: Task, change: Change, *, by: User | None) -> None:
    """Move the card as `change` wants it, in the name of `by`. Call it under the project's lock."""
    if column := _column_after(change).first(task=task.pk):
        move(task, to=column, by=by, anyway=True, as_board=True)


def is_finished(task: Task) -> bool:
    """By the column that it has now, as it was read under the project's lock."""
    return task.column.category == Category.DONE


@cache
def _column_after(change: Change) -> CompiledQuery[..., Column]:
    """Where a card goes; none when it stands in a column that it does not leave."""
    sources, target = change.value

    def column_after(task: int) -> QuerySet[Column]:
        standing = {"project__tasks": task, "project__tasks__column__category__in": sources}
        return Column.objects.filter(category=target, **standing)[:1]

    return compiled(column_after)


def require_person(by: User | None, project: Project) -> None:
    """Raise unless `by` may decide on a result: a person who directs agents, no program and no rule of the board."""
    if by is None:
        raise ResultWaits(_("A result waits for a person. Accepting it finishes the task."))
    if not by.is_person:
        raise NotAllowed(_("Only people decide on an agent's result."))
    permissions.require(by, Action.RUN, project)
