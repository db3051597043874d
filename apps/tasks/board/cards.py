"""Cards of the board: plain rows by one query, and each rendered once for all who see it.

A row holds everything that the card's HTML depends on, so the HTML can be cached by the row itself
and nothing has to be invalidated: another title, language or note is another key.
"""

import json
import logging
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Annotated, Any, NamedTuple, get_type_hints

from django.db import connection
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from apps.accounts.models import User
from apps.projects.models import Event, Project
from apps.projects.realtime.frames import Op
from apps.sql.statements import Statement
from apps.tasks import status_notes
from apps.tasks.models import Column

log = logging.getLogger(__name__)
PAGE = 25  # cards of a column that come with the board
NEXT_PAGE = 200  # and of each page that follows: a request costs more than its cards
MAX_REDRAWN = 200  # cards rendered again for a user who looks different; for more the page is fetched anew

type TaskFinder = Callable[[list[Event]], set[int]]  # events → the tasks that show what they are about
_task_finders: list[TaskFinder] = []


class UserSummary(NamedTuple):
    """A user as cards show them."""

    pk: int
    name: str
    initials: str
    hue: str
    is_agent: bool
    is_practice: bool
    is_service: bool
    avatar: str


_PARENT = "(SELECT p.number FROM tasks_task p WHERE p.id = t.parent_id)"
_SUBTASKS = "(SELECT count(*) FROM tasks_task s WHERE s.parent_id = t.id)"
_SUBTASKS_DONE = """(SELECT count(*) FROM tasks_task s JOIN tasks_column sc ON sc.id = s.column_id
    WHERE s.parent_id = t.id AND sc.category = 'done')"""
_COMMENTS = "(SELECT count(*) FROM tasks_comment m WHERE m.task_id = t.id)"
_LABELS = """(SELECT json_agg(json_build_array(l.name, l.hue) ORDER BY l.name)::text FROM tasks_task_labels tl
    JOIN tasks_label l ON l.id = tl.label_id WHERE tl.task_id = t.id)"""
_CODE = """(SELECT CASE
      WHEN bool_or(p.is_open AND p.fails) THEN 'failing'
      WHEN bool_and(p.review = 'approved') FILTER (WHERE p.is_open) THEN 'approved'
      WHEN bool_or(p.is_open) THEN 'open'
      WHEN bool_or(p.state = 'merged') THEN 'merged' ELSE '' END
    FROM (SELECT r.state, r.review, r.state IN ('draft', 'open') AS is_open,
          EXISTS (SELECT 1 FROM projects_checkrun k WHERE k.repository_id = r.repository_id
            AND k.sha = r.head_sha AND k.state = 'failed') AS fails
        FROM tasks_codelink l JOIN projects_pullrequest r ON r.id = l.pull_request_id
        WHERE l.task_id = t.id AND NOT l.dismissed) p)"""


class CardRow(NamedTuple):
    """One card as it is read: by each field its type, and the SQL that selects it (of task `t` and its column `c`)."""

    pk: Annotated[int, "t.id"]
    column: Annotated[int, "t.column_id"]
    rank: Annotated[str, "t.rank"]
    number: Annotated[int, "t.number"]
    title: Annotated[str, "t.title"]
    priority: Annotated[int, "t.priority"]
    is_done: Annotated[bool, "c.category = 'done'"]
    assignee: Annotated[int | None, "t.assignee_id"]
    parent: Annotated[int | None, _PARENT]  # its number
    subtasks: Annotated[int, _SUBTASKS]
    subtasks_done: Annotated[int, _SUBTASKS_DONE]
    comments: Annotated[int, _COMMENTS]
    # As JSON text, so that the row can be a key: a list of [name, hue], and a status note.
    labels: Annotated[str | None, _LABELS]
    note: Annotated[str | None, "t.status_note::text"]
    code: Annotated[str, _CODE]  # its dot: failing, approved, open or merged; empty without a pull request

    @property
    def left_open(self) -> int:
        """How many subtasks are open though the task is done."""
        return self.subtasks - self.subtasks_done if self.is_done else 0


_SELECT = ", ".join(
    f'{hint.__metadata__[0]} AS "{name}"' for name, hint in get_type_hints(CardRow, include_extras=True).items()
)


def first_pages(project: Project) -> list[CardRow]:
    """The first PAGE cards of each of the project's columns: flat in the number of tasks."""
    return _rows(
        f"""SELECT f.* FROM tasks_column c CROSS JOIN LATERAL (
              SELECT {_SELECT} FROM tasks_task t WHERE t.column_id = c.id ORDER BY t.rank LIMIT {PAGE}
            ) f WHERE c.project_id = %s ORDER BY c.position, f.rank""",  # noqa: S608 - constants only
        [project.pk],
    )


def next_page(column: Column, after: str, before: str = "") -> list[CardRow]:
    """Up to NEXT_PAGE cards of `column` that sort behind the rank `after`, and ahead of `before` if there is one."""
    return _rows(
        f"""SELECT {_SELECT} FROM tasks_task t JOIN tasks_column c ON c.id = t.column_id
            WHERE t.column_id = %s AND t.rank > %s COLLATE "C" AND (%s = '' OR t.rank < %s COLLATE "C")
            ORDER BY t.rank LIMIT {NEXT_PAGE}""",  # noqa: S608
        [column.pk, after, before, before],
    )


def of_tasks(project: Project, tasks: Iterable[int]) -> list[CardRow]:
    return _rows(
        f"""SELECT {_SELECT} FROM tasks_task t JOIN tasks_column c ON c.id = t.column_id
            WHERE t.project_id = %s AND t.id = ANY(%s)""",  # noqa: S608
        [project.pk, list(tasks)],
    )


def with_counts(project: Project, tasks: Iterable[int], columns: Iterable[int]) -> tuple[list[CardRow], dict[int, int]]:
    """The cards of `tasks`, and how many `columns` have by their rows, by one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT (
                  SELECT json_object_agg(id, task_count)::text FROM tasks_column WHERE id = ANY(%s)
                ) AS counts, f.*
                FROM (SELECT) AS always LEFT JOIN (
                  SELECT {_SELECT} FROM tasks_task t JOIN tasks_column c ON c.id = t.column_id
                  WHERE t.project_id = %s AND t.id = ANY(%s)
                ) f ON true""",  # noqa: S608 - constants only
            [list(columns), project.pk, list(tasks)],
        )
        rows = cursor.fetchall()
    [counts, *_] = rows[0]
    cards = [CardRow._make(card) for _, *card in rows]
    return [card for card in cards if card.pk], {int(pk): n for pk, n in json.loads(counts or "{}").items()}


def _rows(sql: str, arguments: list[Any]) -> list[CardRow]:
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return list(map(CardRow._make, cursor.fetchall()))


def users_on(rows: Iterable[CardRow]) -> dict[int, UserSummary]:
    """Whom the cards of `rows` show, by primary key: assignees, and those that notes are about. Nobody else is read."""
    shown = {pk for row in rows for pk in (row.assignee, _note_user_of(row)) if pk}
    if not shown:
        return {}
    users = User.objects.only("name", "username", "hue", "kind", "is_practice", "avatar").filter(pk__in=shown)
    return {user.pk: user_summary(user) for user in users}


def _note_user_of(row: CardRow) -> int | None:
    """Nobody for a note that can't be read: that takes no other card along."""
    user = note.get("user") if isinstance(note := _note_of(row), dict) else None
    return user if isinstance(user, int) else None


def user_summary(user: User) -> UserSummary:
    return UserSummary(
        user.pk,
        str(user),
        user.initials,
        user.hue,
        is_agent=user.is_agent,
        is_practice=user.is_practice,
        is_service=user.is_service,
        avatar=user.avatar,
    )


def render(project_key: str, row: CardRow, users: dict[int, UserSummary]) -> SafeString:
    """The card's HTML, the same for every viewer, in the language that is active.

    One that can't be rendered takes no other along: its title stands there, and that the rest can't be shown.
    """
    try:
        note = _note_of(row)
        note_user = users.get(note.get("user", 0)) if note else None
        key = row._replace(column=0, rank="")  # where a card stands is not on it: a move renders nothing
        return _render(project_key, key, users.get(row.assignee or 0), note_user, get_language())
    except Exception:
        log.exception("A card could not be rendered", extra={"task": row.pk})
        return render_to_string("tasks/board/_card_failed.html", {"project_key": project_key, "card": row})


def _note_of(row: CardRow) -> status_notes.Note | None:
    return status_notes.parse(row.note) if row.note else None


@lru_cache(maxsize=4096)
def _render(
    project_key: str, row: CardRow, assignee: UserSummary | None, note_user: UserSummary | None, language: str
) -> SafeString:
    note = _note_of(row)
    return render_to_string(
        "tasks/board/_card.html",
        {
            "project_key": project_key,
            "card": row,
            "labels": json.loads(row.labels) if row.labels else (),
            "assignee": assignee,
            "note": note and status_notes.for_template(note),
            "note_user": note_user,
        },
    )


def column_counts(project: Project) -> dict[int, int]:
    return {column.pk: column.task_count for column in Column.objects.of(project)}


class NotedTasks(NamedTuple):
    """The tasks that have a note of one state, and whom one of them is about."""

    state: str
    tasks: int
    name: str | None


_NOTED = Statement(
    NotedTasks,
    """
    SELECT t.status_note ->> 'state' AS state, count(*) AS tasks, min(coalesce(nullif(u.name, ''), u.username)) AS name
    FROM tasks_task t JOIN tasks_column c ON c.id = t.column_id
    LEFT JOIN accounts_user u ON u.id =
        CASE WHEN t.status_note ->> 'user' ~ '^[0-9]{1,18}$' THEN (t.status_note ->> 'user')::bigint END
    WHERE t.project_id = %(project)s AND t.status_note IS NOT NULL AND c.category <> 'done' GROUP BY 1""",
)


def register_task_finder(finder: TaskFinder) -> None:
    """Have the cards and pages of what `finder` finds for some events drawn anew. For `AppConfig.ready()`."""
    _task_finders.append(finder)


def tasks_in(events: list[Event]) -> set[int]:
    """The tasks that events are about or name besides, and those that registered finders add."""
    mentioned = {pk for event in events for pk in (event.task_id, *event.payload.get("tasks", ())) if pk}
    return mentioned.union(*(find(events) for find in _task_finders))


def members_changed(events: list[Event]) -> set[int]:
    """Those who go by another name or look different."""
    return {event.payload["user"] for event in events if event.kind == "member.changed"}


def _tasks_showing(project: Project, users: set[int]) -> set[int]:
    """The tasks whose cards show one of `users`."""
    shown = Q(assignee__in=users) | Q(status_note__user__in=users)
    return set(project.tasks.filter(shown).values_list("pk", flat=True))


def ops_of(project: Project, events: list[Event], open_task: int | None) -> list[Op]:
    """What task, comment and run events change: cards, column headers, the summary."""
    touched = tasks_in(events)
    if changed := members_changed(events):
        showing = _tasks_showing(project, changed)
        if len(showing) > MAX_REDRAWN:
            return [Op(op="reload")]
        touched |= showing
    columns = {pk for event in events for pk in event.payload.get("columns", ())}
    found, counts = with_counts(project, touched, columns)
    users = users_on(found)
    movers = {event.task_id: event for event in events if event.kind == "task.moved"}
    ops: list[Op] = []
    for row in found:
        op = Op(
            op="put",
            id=f"task-{row.pk}",
            parent=f"column-{row.column}-list",
            rank=row.rank,
            html=render(project.key, row, users),
        )
        if (event := movers.get(row.pk)) and event.actor:
            op["by"] = {
                "name": str(event.actor),
                "hue": event.actor.hue,
                "client": event.payload.get("client", ""),
            }
        ops.append(op)
    ops += [Op(op="drop", id=f"task-{pk}") for pk in touched - {row.pk for row in found}]
    ops += [_header(pk, counts.get(pk, 0)) for pk in sorted(columns)]
    if len(found) < len(touched) or any(row.note for row in found) or any(map(_is_about_runs, events)):
        ops.append(Op(op="put", id="board-summary", parent="board-head", rank="", html=summary_html(project)))
    return ops


def _is_about_runs(event: Event) -> bool:
    """Whether it may have taken a note away, which the board's summary counts."""
    return event.kind.startswith("run.")


def _header(column: int, count: int) -> Op:
    html = count_html(column, count, get_language())
    return Op(op="put", id=f"column-{column}-count", parent=f"column-{column}", rank="", html=html)


@lru_cache(maxsize=4096)
def count_html(column: int, count: int, language: str) -> SafeString:
    """How many cards are in a column, in the `language` that is active."""
    return render_to_string("tasks/board/_count.html", {"column": column, "count": count})


def summary_html(project: Project) -> SafeString:
    """The board's sentence about what its open tasks wait for."""
    noted = {row.state: row for row in _NOTED.all(project=project.pk)}
    return render_to_string("tasks/board/_summary.html", {"noted": noted})
