"""Moving a task: the caller names neighbours, and the server finds the rank between them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.errors import Conflict, Refused
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.sql.statements import Statement
from apps.tasks.board import ranks
from apps.tasks.models import Category, Column, Task
from apps.tasks.open_subtasks import ask_before_move

ClosingRule = Callable[[Task, Project, User | None], None]
_closing_rules: list[ClosingRule] = []
RESPACED = 40  # neighbours whose ranks are spread anew when one has grown too long


class ForeignColumn(Refused):
    code = "invalid"
    api_status = 400


class ResultWaits(Refused):
    """A result waits for a person, who finishes the task by accepting it."""

    code = "result_waits"


def register_closing_rule(rule: ClosingRule) -> None:
    """Have `rule(task, project, by)` called under the lock, before a task enters a done column from another one.

    What it raises keeps the task where it is. Call this in `AppConfig.ready()`.
    """
    _closing_rules.append(rule)


def move(
    task: Task,
    *,
    to: Column,
    after: Task | None = None,
    before: Task | None = None,
    by: User | None,
    seen_in: Column | None = None,
    anyway: bool = False,
    client: str = "",
    reason: dict[str, Any] | None = None,
    as_board: bool = False,
) -> Task:
    """Put `task` into column `to` between the neighbours `after` and `before`, and log `task.moved`.

    No neighbours means the end. An anchor that has left `to` is ignored for the other one; with
    both gone it is the end too, and the event says `at_end`. One row changes, however long the
    column. `seen_in` is the column the mover saw the task in: raises Conflict when it has left
    it. Raises OpenSubtasks, ForeignColumn, and what a closing rule refuses. `client` names the page
    that asked; `reason` says why the board itself moved it (`by` is None). `as_board`: the board
    itself moves it in the name of `by`, who is not asked for the right.
    """
    needs = None if as_board else Action.WRITE
    with locked_for_change(task.project_id, task, by=by, needs=needs) as project:
        if to.project_id != project.pk:
            raise ForeignColumn(_("That column is another project's."))
        if seen_in and task.column_id != seen_in.pk:
            raise Conflict(_("Someone else moved this task first."), column=task.column_id)
        found = _SURROUNDINGS.one(column=to.pk, task=task.pk, after=after and after.pk, before=before and before.pk)
        if not anyway:
            ask_before_move(task, to, open_subtasks=found.open_subtasks)
        source = task.column
        low, high, at_end = _gap(found, is_anchored=bool(after or before))
        if source == to and low < task.rank < (high or "~"):
            return task
        if to.category == Category.DONE != source.category:
            for rule in _closing_rules:
                rule(task, project, by)
        rank = ranks.between(low, high)
        respaced: list[int] = []
        if len(rank) > ranks.MAX_LENGTH:
            rank, respaced = _make_room(to, low, high, without=task)
        task.column, task.rank = to, rank
        task.version, task.updated_at = _PUT.one(task=task.pk, column=to.pk, rank=rank, now=timezone.now())
        events.record(
            project,
            "task.moved",
            by=by,
            task=task.pk,
            tasks=[*([task.parent_id] if task.parent_id else []), *respaced],
            columns=[source.pk, to.pk],
            names=[source.name, to.name],
            client=client,
            **({"at_end": True} if at_end else {}),
            **({"reason": reason} if reason else {}),
        )
        return task


class Surroundings(NamedTuple):
    """What is around a task that goes to a column: the ranks there, and the subtasks of its own that are open.

    The ranks are those of both anchors and beside them, where they stand in the column, and the last.
    """

    after: str | None
    next: str | None
    before: str | None
    previous: str | None
    last: str | None
    open_subtasks: int


# By one statement under the lock: an anchor that has left the column is NULL, and so is the end of the column.
_SURROUNDINGS = Statement(
    Surroundings,
    """
    WITH others AS NOT MATERIALIZED (SELECT id, rank FROM tasks_task WHERE column_id = %(column)s AND id <> %(task)s)
    SELECT a.rank AS after, (SELECT min(rank) FROM others WHERE rank > a.rank) AS next,
           b.rank AS before, (SELECT max(rank) FROM others WHERE rank < b.rank) AS previous,
           (SELECT max(rank) FROM others) AS last,
           (SELECT count(*) FROM tasks_task s JOIN tasks_column sc ON sc.id = s.column_id
            WHERE s.parent_id = %(task)s AND sc.category <> 'done') AS open_subtasks
    FROM (SELECT) AS always
    LEFT JOIN others a ON a.id = %(after)s
    LEFT JOIN others b ON b.id = %(before)s""",
)


class Put(NamedTuple):
    """What a task has besides, once it was put somewhere."""

    version: int
    updated_at: datetime


_PUT = Statement(
    Put,
    """
    UPDATE tasks_task SET column_id = %(column)s, rank = %(rank)s, version = version + 1, updated_at = %(now)s
    WHERE id = %(task)s RETURNING version, updated_at""",
)


def _gap(found: Surroundings, *, is_anchored: bool) -> tuple[str, str, bool]:
    """The ranks on both sides of the wanted position, and whether it fell back to the end."""
    if found.after:
        return found.after, found.next or "", False
    if found.before:
        return found.previous or "", found.before, False
    return found.last or "", "", is_anchored


def _make_room(to: Column, low: str, high: str, *, without: Task) -> tuple[str, list[int]]:
    """Spread the nearest neighbours' ranks evenly; their order stays.

    Returns the rank of the gap and the tasks whose rank changed, whose cards must be put anew.
    """
    others = Task.objects.filter(column=to).exclude(pk=without.pk).only("rank")
    below = list(others.filter(rank__lte=low).order_by("-rank")[: RESPACED // 2])[::-1] if low else []
    above = list(others.filter(rank__gte=high).order_by("rank")[: RESPACED // 2]) if high else []
    window = [*below, *above]
    floor = others.filter(rank__lt=window[0].rank).order_by("-rank").values_list("rank", flat=True).first() or ""
    ceiling = others.filter(rank__gt=window[-1].rank).order_by("rank").values_list("rank", flat=True).first() or ""
    fresh = ranks.spread(len(window) + 1, floor, ceiling)
    gap = fresh.pop(len(below))
    # Out of the way first: a new rank may be a neighbour's old one, and each must be unique at any time.
    Task.objects.filter(pk__in=[row.pk for row in window]).update(rank=Concat(Value("~"), F("rank")))
    for row, rank in zip(window, fresh, strict=True):
        row.rank = rank
    Task.objects.bulk_update(window, ["rank"])
    return gap, [row.pk for row in window]
