"""The event log: history, source of live updates, catch-up, and the line between apps."""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connection, transaction

from apps import job_queue
from apps.accounts.models import User
from apps.projects.models import Event, Project
from apps.projects.realtime import frames

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
    """
    event = Event(
        project=project, kind=kind, actor=by, task_id=task, payload=payload, is_due=bool(subscribers_of(kind))
    )
    _append(event)
    project.last_seq = event.seq
    _announce_after_commit(event)
    for handler in _subscribers_in_transaction.get(kind, ()):
        handler(event)
    return event


_APPEND = """
WITH counted AS (UPDATE projects_project SET last_seq = last_seq + 1 WHERE id = %s RETURNING last_seq)
INSERT INTO projects_event (project_id, seq, kind, actor_id, task_id, payload, is_due, created_at)
SELECT %s, last_seq, %s, %s, %s, %s::jsonb, %s, statement_timestamp() FROM counted
RETURNING id, seq, created_at"""


def _append(event: Event) -> None:
    """Number and insert it by one statement.

    The row itself counts: a verb that called another holds a project read before the other's event.
    """
    payload = json.dumps(event.payload)
    row: list[Any] = [event.project_id, event.kind, event.actor_id, event.task_id, payload, event.is_due]
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, [event.project_id, *row])
        event.pk, event.seq, event.created_at = cursor.fetchone()
    event._state.adding = False


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
        transaction.on_commit(partial(job_queue.enqueue, "apps.projects.jobs.relay", event.pk), robust=True)
