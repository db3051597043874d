"""An action takes back nothing that others changed between its caller's reading and its own saving.

Every action is called with rows that were read before its lock, while every other column of theirs is
changed: at the lock, as somebody does who had it first, and at the row's own UPDATE, as a worker does who
takes no lock. What the action is not there to write stands afterwards as the other one left it. A rule
that then says no is an answer as well; undoing is none.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Model
from django.utils import timezone

from apps.accounts.models import LoginSession
from apps.agents.models import HandoffPermission
from apps.chat.models import Message
from apps.errors import Refused
from apps.projects.models import Membership, Repository, WebhookDelivery
from apps.tasks.models import CodeLink
from tests.actions.calls import CALLS, Call
from tests.authz import test_actions_ask
from tests.authz.cast import World, world

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-24"), pytest.mark.queue_off]
# Actions with an actor that have no row, and why.
WITHOUT_ROWS = {
    "apps.accounts.audit.queries.export": "reads",
    "apps.accounts.audit.trail.record": "adds to a log",
    "apps.accounts.audit.trail.refused": "adds to a log",
    "apps.accounts.users.people.create": "only makes a new row",
    "apps.accounts.users.service_accounts.create": "only makes a new row",
    "apps.agents.gateways.practice.retire": "finds its rows itself, under their locks",
    "apps.agents.roster.actions.import_agents.offers_of": "reads",
    "apps.agents.roster.actions.import_agents.import_agents": "asks the gateway, then `create` for each",
    "apps.agents.runs.actions.pull_requests.accept_and_merge": "asks the forge; `accept` does the change",
    "apps.tasks.actions.assign.assign_new": "a part of `create`: its row is new",
    "apps.chat.messages.lock.locked_message": "a beginning of actions",
    "apps.chat.messages.lock.log_change": "adds to a log",
    "apps.chat.messages.parse.parse": "reads",
    "apps.chat.messages.rate_limit.require": "counts",
    "apps.chat.rooms.export.export": "reads",
    "apps.projects.changes.locked_for_change": "a beginning of actions",
    "apps.projects.events.log.record": "adds to a log",
    "apps.projects.events.relay.retry": "one statement",
    "apps.projects.git.repositories.pull_request_merge.merge": "asks the forge, whose answer is written as it came",
    "apps.projects.members.group_grants.apply": "`grant` for each",
    "apps.projects.members.group_grants.sync": "`grant` for each",
    "apps.projects.members.group_grants.sync_everybody": "`grant` for each",
    "apps.projects.permissions.find": "reads",
}
UNCHANGING = {("Task", "number"), ("User", "kind")}
APPS = sorted({each.app for each in CALLS})
DELETABLE = (CodeLink, HandoffPermission, LoginSession, Membership, Message, Repository, WebhookDelivery)


class Undo(Exception):
    """Ends a try, of which nothing stays."""


def test_every_action_is_called():
    known = {each.action for each in CALLS} | WITHOUT_ROWS.keys()
    assert {str(action) for action in test_actions_ask.actions()} - known == set()


@pytest.mark.parametrize("app", APPS)
def test_action_keeps_what_others_changed(app):
    w, undone = world("TB"), []
    for call in (each for each in CALLS if each.app == app):
        for number, row in enumerate(rows_of(call, w)):
            fields = [field for field in row._meta.concrete_fields if field.name not in call.writes]
            for moment in (at_lock, at_update):
                together = tried(call, w, number, fields, moment)
                # Changed all at once, a rule may well refuse: then each alone.
                alone = [tried(call, w, number, [field], moment) for field in fields] if together is None else []
                undone += (together or []) + [each for found in alone for each in found or []]
    assert not undone


@pytest.mark.parametrize("app", APPS)
def test_action_refuses_a_row_that_is_gone(app):
    w = world("TB")
    for call in (each for each in CALLS if each.app == app):
        for number, row in enumerate(rows_of(call, w)):
            if isinstance(row, DELETABLE):
                try_without(call, w, number)


def try_without(call: Call, w: World, number: int) -> None:
    """Have the row deleted before the lock is had: the action may refuse, and raises nothing else."""
    with trying():
        rows, act = call.make_ready(deepcopy(w))
        row = [*rows][number]
        gone = type(row)._base_manager.filter(pk=row.pk)
        with at_lock(row, gone.delete), suppress(Refused):
            act()


def rows_of(call: Call, w: World) -> list[Model]:
    found: list[Model] = []
    with trying():
        found += call.make_ready(deepcopy(w))[0]
    return found


def tried(call: Call, w: World, number: int, fields: list[models.Field], moment) -> list[str] | None:
    """What the action made of others' changes of these columns, where that is not what they were changed to.

    None when a rule said no.
    """
    answers: list[list[str]] = []
    changed: dict[models.Field, Any] = {}
    with trying():
        rows, act = call.make_ready(deepcopy(w))
        row = [*rows][number]
        with moment(row, lambda: changed.update((field, changed_by_another(row, field)) for field in fields)):
            try:
                act()
            except Refused:
                raise Undo from None
            except Exception:
                if len(fields) == 1:
                    raise
                raise Undo from None
        now = type(row)._base_manager.filter(pk=row.pk).values(*(field.attname for field in fields)).first() or {}
        answers.append(
            [
                f"{call.make_ready.__name__}: {field.name} {moment.__name__}: {value!r} became {now[field.attname]!r}"
                for field, value in changed.items()
                if value is not None and now and now[field.attname] != value
            ]
        )
    return answers[0] if answers else None


@contextmanager
def trying() -> Iterator[None]:
    with suppress(Undo), transaction.atomic():
        yield
        raise Undo


@contextmanager
def at_lock(row: Model, change) -> Iterator[None]:
    """Have `change` made just before the first lock is had, or without one before the first writing."""
    with before_first(lambda sql: " FOR " in sql or is_writing(sql), change):
        yield


@contextmanager
def at_update(row: Model, change) -> Iterator[None]:
    """Have `change` made just before the row's own UPDATE."""
    with before_first(lambda sql: sql.startswith(f'UPDATE "{row._meta.db_table}"'), change):
        yield


@contextmanager
def before_first(is_moment, change) -> Iterator[None]:
    waiting = [change]

    def run(execute, sql, *more):
        if waiting and is_moment(sql):
            waiting.pop()()
        return execute(sql, *more)

    with connection.execute_wrapper(run):
        yield


def is_writing(sql: str) -> bool:
    return sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE", "WITH"))


def changed_by_another(row: Model, field: models.Field) -> Any:
    """What the column holds now; None where nothing else may stand there."""
    mine = type(row)._base_manager.filter(pk=row.pk)
    values = mine.values_list(field.attname, flat=True)
    other = None if (type(row).__name__, field.name) in UNCHANGING else other_value(field, values.first())
    if other is None:
        return None
    try:
        with transaction.atomic():
            mine.update(**{field.attname: other})
    except IntegrityError:
        return None
    return values.first()


def other_value(field: models.Field, value: Any) -> Any:
    if field.primary_key or field.is_relation:
        return None
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.IntegerField):
        return (value or 0) + 1
    if isinstance(field, models.DateTimeField):
        return timezone.now() if not isinstance(value, datetime) else value + timedelta(seconds=1)
    if isinstance(field, models.UUIDField):
        return uuid.uuid4()
    if isinstance(field, models.JSONField):
        return None
    if field.choices:
        return next((choice for choice, _label in reversed(field.choices) if choice and choice != value), None)
    if isinstance(field, models.CharField | models.TextField):
        return f"{value or ''}x"[-(field.max_length or 1_000_000) :]
    return None
