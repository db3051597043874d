"""The event log: history, source of live updates, catch-up, and the line between apps."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Model

from apps import job_queue
from apps.accounts.audit import trail
from apps.accounts.models import AuditEntry, User
from apps.projects.models import Event, Project
from apps.projects.realtime import frames
from apps.sql import late_rows
from apps.sql.statements import Statement

Handler = Callable[[Event], None]
_subscribers: dict[str, list[Handler]] = defaultdict(list)
_subscribers_in_transaction: dict[str, list[Handler]] = defaultdict(list)


def register_subscriber(kind: str, handler: Handler) -> None:
    """Have `handler` called in a job after each committed event of `kind`.

    It may be called twice for one event (a worker died in between), so it must be idempotent.
    Call this in `AppConfig.ready()`.
    """
    _subscribers[kind].append(handler)


def register_subscriber_in_transaction(kind: str, handler: Handler) -> None:
    """Have `handler` called in the transaction of the change itself, under the project's lock.

    For what must be true together with the change (a task assigned to an agent has a run) and
    is only a few statements. What it raises undoes the change. Call this in `AppConfig.ready()`.
    """
    _subscribers_in_transaction[kind].append(handler)


def subscribers_of(kind: str) -> list[Handler]:
    return _subscribers.get(kind, [])


def record(project: Project, kind: str, *, by: User | None, task: int | None = None, **payload: Any) -> Event:
    """Append one event to `project`'s log; announce it when the change commits.

    Call it in the transaction that makes the change, on a project fetched with
    `Project.objects.locked()`: that lock makes `seq` equal commit order, so "all after
    41" never misses a late commit. `task` is the primary key of the task it is about;
    `payload` is JSON: ids and names, no secrets. `by` is None when the board itself acts.

    Within `locked_for_change` it has its number and time when that ends.
    """
    event = Event(
        project=project, kind=kind, actor=by, task_id=task, payload=payload, is_due=bool(subscribers_of(kind))
    )
    if not late_rows.add(event):
        write([event])
    _announce_after_commit(event)
    for handler in _subscribers_in_transaction.get(kind, ()):
        handler(event)
    return event


class Written(NamedTuple):
    """What the database gives an event."""

    id: int
    project_id: int
    seq: int
    created_at: datetime


# The row of the project itself counts: a verb that called another holds one read before the other's event.
_WRITE = Statement(
    Written,
    f"""
    WITH given AS (
        SELECT * FROM ROWS FROM (jsonb_to_recordset(%(events)s::jsonb) AS (
            project_id bigint, kind text, actor_id bigint, task_id bigint, payload jsonb, is_due boolean
        )) WITH ORDINALITY AS given(project_id, kind, actor_id, task_id, payload, is_due, place)
    ), counted AS (
        UPDATE projects_project SET last_seq = last_seq + added
        FROM (SELECT project_id, count(*) AS added FROM given GROUP BY project_id) AS of_project
        WHERE id = project_id RETURNING id, last_seq - added AS before
    ), entries AS ({trail.INSERT})
    INSERT INTO projects_event (project_id, seq, kind, actor_id, task_id, payload, is_due, created_at)
    SELECT project_id, before + row_number() OVER (PARTITION BY project_id ORDER BY place),
        kind, actor_id, task_id, payload, is_due, statement_timestamp()
    FROM given JOIN counted ON counted.id = project_id ORDER BY place
    RETURNING id, project_id, seq, created_at""",  # noqa: S608 - constants only
)
_COLUMNS = ("project_id", "kind", "actor_id", "task_id", "payload", "is_due")


def write_at_end(rows: Iterable[Model]) -> None:
    """What a change has recorded; its projects know of it then."""
    for event in write(rows):
        event.project.recorded = [*event.project.recorded, event]


def write(rows: Iterable[Model]) -> list[Event]:
    """Number and insert the events among `rows`, and the audit entries, by one statement. Returns the events."""
    events: list[Event] = []
    entries: list[AuditEntry] = []
    for row in rows:
        if isinstance(row, Event):
            events.append(row)
        elif isinstance(row, AuditEntry):
            entries.append(row)
    values = [{name: getattr(event, name) for name in _COLUMNS} for event in events]
    written = _WRITE.all(events=json.dumps(values), entries=trail.to_json(entries))
    in_order = iter(sorted(written, key=attrgetter("project_id", "seq")))
    for event in sorted(events, key=attrgetter("project_id")):
        numbered = next(in_order)
        event.pk, event.seq, event.created_at = numbered.id, numbered.seq, numbered.created_at
        event._state.adding = False
        event.project.last_seq = event.seq
    return events


@dataclass(frozen=True)
class _Notification:
    """Notifies the browsers of a project, once it is called. Two of one project are equal."""

    project_id: int

    def __call__(self) -> None:
        frames.notify(self.project_id)


def _announce_after_commit(event: Event) -> None:
    """Notify the project's browsers, once a transaction, and wake the relay; both find the truth in the log.

    A savepoint that is rolled back takes the notification along, and with it all that came after it there.
    """
    notification = _Notification(event.project_id)
    if all(hook[1] != notification for hook in connection.run_on_commit):  # (savepoints, function, robust)
        transaction.on_commit(notification, robust=True)
    if event.is_due:
        transaction.on_commit(lambda: job_queue.enqueue("apps.projects.jobs.relay", event.pk), robust=True)
