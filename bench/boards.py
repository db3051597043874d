"""The same data for every measurement, written by bulk SQL: 5 columns, 10 labels, 5 people, N tasks."""

import sys

from django.db import connection

from apps.accounts.models import Hue, User
from apps.chat.models import Message, ReadMark, Room
from apps.projects.models import Membership, Project, Role
from apps.tasks.actions.create import create_default_columns
from apps.tasks.board import ranks
from apps.tasks.models import Label, Task

PEOPLE = ["Ada Acorn", "Bo Birch", "Cleo Cedar", "Dan Daisy", "Eve Elder"]
SPECTATORS = 100  # each may hold ten sockets
COLUMNS = 5
# Tasks in each column, by the key of the project.
BOARDS = {
    "B200": [40] * COLUMNS,
    "B1000": [200] * COLUMNS,
    "B5000": [1000] * COLUMNS,
    "LONG": [5, 5000, 0, 0, 0],
    "LIVE": [200] * COLUMNS,
    "RUNS": [200] * COLUMNS,
    "TALK": [200] * COLUMNS,
}

_TASKS = """
INSERT INTO tasks_task (project_id, uid, number, column_id, rank, title, description, priority, assignee_id,
                        version, created_by_id, created_at, updated_at)
SELECT %(project)s, gen_random_uuid(), n, %(column)s, ranks.rank,
       rpad('Task ' || n || ' mends the garden gate before winter comes', 45, '.'),
       rpad(repeat('It squeaks, it leans, and the hens go out. ', 8), 320, '.'),
       1 + n %% 4, (%(people)s::int[])[1 + n %% cardinality(%(people)s::int[])], 1, (%(people)s::int[])[1], now(), now()
FROM unnest(%(ranks)s::text[]) WITH ORDINALITY AS ranks (rank, place)
CROSS JOIN LATERAL (SELECT (%(before)s + place)::int AS n) AS numbered
"""
_LABELS = """
INSERT INTO tasks_task_labels (task_id, label_id)
SELECT t.id, (%(labels)s::int[])[1 + (t.number * 7 + shift) %% 10]
FROM tasks_task t CROSS JOIN (VALUES (0), (3)) AS two (shift)
WHERE t.project_id = %(project)s AND t.number > %(known)s
"""
_EVENTS = """
INSERT INTO projects_event (project_id, seq, kind, actor_id, task_id, payload, created_at, is_due)
SELECT project_id, %(seq)s + number - %(known)s, 'task.created', created_by_id, id, '{}', now(), false
FROM tasks_task WHERE project_id = %(project)s AND number > %(known)s
"""


def seed() -> list[User]:
    """Fill the empty database and return the five people, who are members of every board."""
    if Project.objects.exclude(key__in=BOARDS).exists():
        sys.exit("The bench fills the database it is given: give it one that is not in use.")
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE projects_project, accounts_user, agents_gateway CASCADE")
    people = User.objects.bulk_create(_user(name) for name in PEOPLE)
    spectators = User.objects.bulk_create(_user(f"Spectator {n}") for n in range(SPECTATORS))
    for key, sizes in BOARDS.items():
        board(key, sizes, people)
    live = Project.objects.get(key="LIVE")
    Membership.objects.bulk_create(Membership(project=live, user=user) for user in spectators)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return people


def spectators() -> list[User]:
    return list(User.objects.filter(name__startswith="Spectator").order_by("pk"))


def _user(name: str) -> User:
    user = User(username=name.lower().replace(" ", "."), name=name)
    user.set_unusable_password()
    return user


def board(key: str, sizes: list[int], people: list[User]) -> Project:
    """A project of `people` with ten labels and as many tasks in each of its columns."""
    project = Project.objects.create(name=f"Board {key}", key=key)
    Membership.objects.bulk_create(Membership(project=project, user=user, role=Role.OWNER) for user in people)
    create_default_columns(project)
    Room.objects.create(project=project, name="General", is_default=True)
    hues = list(Hue)
    Label.objects.bulk_create(Label(project=project, name=f"label {n}", hue=hues[n % len(hues)]) for n in range(10))
    add_tasks(project, sizes, people)
    return project


def add_tasks(project: Project, sizes: list[int], people: list[User]) -> None:
    """Put as many more at the end of each column, with an event for each; `project` is stale afterwards."""
    before = project.last_number
    values = {
        "project": project.pk,
        "people": [user.pk for user in people],
        "labels": list(Label.objects.filter(project=project).values_list("pk", flat=True)),
        "known": before,
        "seq": project.last_seq,
    }
    with connection.cursor() as cursor:
        for column, size in zip(project.columns.all(), sizes, strict=True):
            last = Task.objects.filter(column=column).order_by("-rank").values_list("rank", flat=True).first()
            places = ranks.spread(size, last or "")
            cursor.execute(_TASKS, values | {"column": column.pk, "before": before, "ranks": places})
            before += size
        cursor.execute(_LABELS, values)
        cursor.execute(_EVENTS, values)
    Project.objects.filter(pk=project.pk).update(
        last_number=before, last_seq=project.last_seq + before - project.last_number
    )


# Words as people use them: a few very often, most hardly ever. Every fourth message has the common word, every
# fiftieth one in between, one of 5,000 the rare one.
_MESSAGES = """
INSERT INTO chat_message (room_id, author_id, client_message_id, text, html, created_at, has_files)
SELECT (%(rooms)s::int[])[1 + n %% 50], (%(people)s::int[])[1 + n %% 5], gen_random_uuid(), said.text,
       '<p>' || said.text || '</p>', now() - (%(many)s - n) * interval '1 minute', false
FROM generate_series(1, %(many)s) AS n
CROSS JOIN LATERAL (
    SELECT concat_ws(' ', string_agg('w' || to_hex(floor(5000 * power(random(), 4))::int * 7919 %% 65521), ' '),
                     CASE WHEN n %% 4 = 0 THEN 'before winter' END,
                     CASE WHEN n %% 50 = 2 THEN 'to the harbour' END,
                     CASE WHEN n %% 5000 = 1 THEN 'by the lighthouse' END)
    FROM generate_series(1, 10 + n %% 5)
) AS said (text)
"""


def talk(reader: User) -> list[Room]:
    """Fifty rooms with a million messages, of which `reader` has read all but the last twenty of each room."""
    project, people = Project.objects.get(key="TALK"), User.objects.filter(name__in=PEOPLE).order_by("pk")
    Room.objects.bulk_create(Room(project=project, name=f"Room {n:02}") for n in range(49))
    rooms = list(project.rooms.order_by("pk"))
    values = {"rooms": [room.pk for room in rooms], "people": [user.pk for user in people], "many": 1_000_000}
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(_MESSAGES, values)
        cursor.execute("VACUUM ANALYZE chat_message, chat_room")
        cursor.execute("RESET statement_timeout")
    newest = Message.objects.order_by("-pk").values_list("pk", flat=True).first()
    ReadMark.objects.bulk_create(ReadMark(room=room, user=reader, last_read_id=newest - 1000) for room in rooms)
    return rooms


def tasks_of(key: str) -> list[Task]:
    return list(Task.objects.filter(project__key=key).select_related("project", "column").order_by("number"))
