"""Card faces: plain rows by one query, and each drawn once for all who see it.

A face is everything that its HTML depends on, so the HTML can be kept by the face itself
and nothing has to be invalidated: another title, language or note is another key.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from django.db import connection
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils.translation import get_language

from apps.accounts.models import User
from apps.projects.models import Event, Project
from apps.projects.realtime.frames import Op
from apps.tasks import status_notes
from apps.tasks.code import links
from apps.tasks.models import Category, Column

PAGE = 25  # cards of a column that come with the board
NEXT_PAGE = 200  # and of each page that follows: a request costs more than its cards
MOST_REDRAWN = 200  # cards drawn again for somebody who looks different; for more the page is fetched anew


class Who(NamedTuple):
    """A user as faces show them."""

    pk: int
    name: str
    initials: str
    hue: str
    is_agent: bool
    is_service: bool
    avatar: str


class Face(NamedTuple):
    pk: int
    column: int
    rank: str
    number: int
    title: str
    priority: int
    is_done: bool
    assignee: int | None
    parent: int | None  # its number
    subtasks: int
    subtasks_done: int
    comments: int
    labels: tuple[tuple[str, str], ...]  # (name, hue)
    note: str | None  # as JSON text, so that the row can be a key
    code: str  # its dot: failing, approved, open or merged; empty without a pull request


_ROW = """
  t.id, t.column_id, t.rank, t.number, t.title, t.priority, c.category = 'done', t.assignee_id,
  (SELECT p.number FROM tasks_task p WHERE p.id = t.parent_id),
  (SELECT count(*) FROM tasks_task s WHERE s.parent_id = t.id),
  (SELECT count(*) FROM tasks_task s JOIN tasks_column sc ON sc.id = s.column_id
    WHERE s.parent_id = t.id AND sc.category = 'done'),
  (SELECT count(*) FROM tasks_comment m WHERE m.task_id = t.id),
  (SELECT array_agg(ARRAY[l.name, l.hue] ORDER BY l.name) FROM tasks_task_labels tl
    JOIN tasks_label l ON l.id = tl.label_id WHERE tl.task_id = t.id),
  t.status_note::text,
  (SELECT CASE
      WHEN bool_or(p.is_open AND p.fails) THEN 'failing'
      WHEN bool_and(p.review = 'approved') FILTER (WHERE p.is_open) THEN 'approved'
      WHEN bool_or(p.is_open) THEN 'open'
      WHEN bool_or(p.state = 'merged') THEN 'merged' ELSE '' END
    FROM (SELECT r.state, r.review, r.state IN ('draft', 'open') AS is_open,
          EXISTS (SELECT 1 FROM projects_checkrun k WHERE k.repository_id = r.repository_id
            AND k.sha = r.head_sha AND k.state = 'failed') AS fails
        FROM tasks_codelink l JOIN projects_pullrequest r ON r.id = l.pull_request_id
        WHERE l.task_id = t.id AND NOT l.dismissed) p)
"""


def first_pages(project: Project) -> list[Face]:
    """The first PAGE faces of each of the project's columns: flat in the number of tasks."""
    return _faces(
        f"""SELECT f.* FROM tasks_column c CROSS JOIN LATERAL (
              SELECT {_ROW} FROM tasks_task t WHERE t.column_id = c.id ORDER BY t.rank LIMIT {PAGE}
            ) f WHERE c.project_id = %s ORDER BY c.position, 3""",  # noqa: S608 - constants only
        [project.pk],
    )


def next_page(column: Column, after: str) -> list[Face]:
    """Up to NEXT_PAGE faces of `column` that sort behind the rank `after`."""
    return _faces(
        f"""SELECT {_ROW} FROM tasks_task t JOIN tasks_column c ON c.id = t.column_id
            WHERE t.column_id = %s AND t.rank > %s COLLATE "C" ORDER BY t.rank LIMIT {NEXT_PAGE}""",  # noqa: S608
        [column.pk, after],
    )


def of_tasks(project: Project, tasks: Iterable[int]) -> list[Face]:
    return _faces(
        f"""SELECT {_ROW} FROM tasks_task t JOIN tasks_column c ON c.id = t.column_id
            WHERE t.project_id = %s AND t.id = ANY(%s)""",  # noqa: S608
        [project.pk, list(tasks)],
    )


def _faces(sql: str, arguments: list) -> list[Face]:
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return [Face(*row[:12], tuple(map(tuple, row[12] or ())), *row[13:]) for row in cursor.fetchall()]


def people_of(project: Project, found: Iterable[Face] = ()) -> dict[int, Who]:
    """Whom faces of the project may name, by primary key: its members, and former ones whom those `found` name."""
    users = User.objects.only("name", "username", "hue", "kind", "avatar")
    people = {user.pk: who(user) for user in users.filter(memberships__project=project)}
    if former := {face.assignee for face in found} - people.keys() - {None}:
        people |= {user.pk: who(user) for user in users.filter(pk__in=former)}
    return people


def who(user: User) -> Who:
    return Who(user.pk, str(user), user.initials, user.hue, user.is_agent, user.is_service, user.avatar)


def drawn(project_key: str, face: Face, people: dict[int, Who]) -> str:
    """The card's HTML, the same for every viewer, in the language that is active."""
    noted = _note_of(face)
    noted_user = people.get(noted.get("user")) if noted else None
    shown = face._replace(column=0, rank="")  # where a card stands is not on it: a move draws nothing
    return _draw(project_key, shown, people.get(face.assignee), noted_user, get_language())


def _note_of(face: Face) -> status_notes.Note | None:
    return status_notes.parsed(face.note) if face.note else None


@lru_cache(maxsize=4096)
def _draw(project_key: str, face: Face, assignee: Who | None, noted: Who | None, language: str) -> str:
    note = _note_of(face)
    return render_to_string(
        "tasks/board/_card.html",
        {
            "project_key": project_key,
            "card": face,
            "assignee": assignee,
            "note": note
            and {**note, "say": status_notes.sentence_of(note), "word": status_notes.State(note["state"]).label},
            "noted": noted,
        },
    )


def column_counts(project: Project) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT column_id, count(*) FROM tasks_task WHERE project_id = %s GROUP BY 1", [project.pk])
        return dict(cursor.fetchall())


def waiting(project: Project, people: dict[int, Who]) -> dict[str, list[Who]]:
    """For the board's sentence: by state of note, whom the notes are about."""
    found: dict[str, list[Who]] = {}
    rows = project.tasks.filter(status_note__isnull=False).exclude(column__category=Category.DONE)
    for state, user in rows.values_list("status_note__state", "status_note__user"):
        found.setdefault(state, []).append(people.get(user))
    return found


def tasks_in(events: list[Event]) -> set[int]:
    """The tasks that events are about, name besides or show the code of."""
    named = {pk for event in events for pk in (event.task_id, *event.payload.get("tasks", ())) if pk}
    return named | links.tasks_showing(events)


def members_changed(events: list[Event]) -> set[int]:
    """Those who go by another name or look different."""
    return {event.payload["user"] for event in events if event.kind == "member.changed"}


def _showing(project: Project, people: set[int]) -> set[int]:
    """The tasks whose faces show one of `people`."""
    shown = Q(assignee__in=people) | Q(status_note__user__in=people)
    return set(project.tasks.filter(shown).values_list("pk", flat=True))


def ops_of(project: Project, events: list[Event], open_task: int | None) -> list[Op]:
    """What task, comment and run events change: faces, column headers, the sentence."""
    touched = tasks_in(events)
    if changed := members_changed(events):
        showing = _showing(project, changed)
        if len(showing) > MOST_REDRAWN:
            return [Op(op="reload")]
        touched |= showing
    found = of_tasks(project, touched)
    people = people_of(project, found)
    movers = {event.task_id: event for event in events if event.kind == "task.moved"}
    ops: list[Op] = []
    for face in found:
        op = Op(
            op="put",
            id=f"task-{face.pk}",
            parent=f"column-{face.column}-list",
            rank=face.rank,
            html=drawn(project.key, face, people),
        )
        if (event := movers.get(face.pk)) and event.actor:
            op["by"] = {
                "name": str(event.actor),
                "hue": event.actor.hue,
                "client": event.payload.get("client", ""),
            }
        ops.append(op)
    ops += [Op(op="drop", id=f"task-{pk}") for pk in touched - {face.pk for face in found}]
    ops += _headers(project, {pk for event in events for pk in event.payload.get("columns", ())})
    if len(found) < len(touched) or any(face.note for face in found) or any(map(_is_about_runs, events)):
        ops.append(Op(op="put", id="board-sum", parent="board-head", rank="", html=sum_html(project, people)))
    return ops


def _is_about_runs(event: Event) -> bool:
    """Whether it may have taken a note away, which the board's sentence counts."""
    return event.kind.startswith("run.")


def _headers(project: Project, columns: set[int]) -> list[Op]:
    if not columns:
        return []
    counts = column_counts(project)
    return [
        Op(
            op="put",
            id=f"column-{pk}-count",
            parent=f"column-{pk}",
            rank="",
            html=count_html(pk, counts.get(pk, 0)),
        )
        for pk in sorted(columns)
    ]


def count_html(column: int, count: int) -> str:
    return render_to_string("tasks/board/_count.html", {"column": column, "count": count})


def sum_html(project: Project, people: dict[int, Who] | None = None) -> str:
    people = people_of(project) if people is None else people
    return render_to_string("tasks/board/_sum.html", {"waiting": waiting(project, people)})
