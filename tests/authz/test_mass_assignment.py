"""A body changes what its door is for, and nothing else; and no id of another project has any effect.

The fields that are tried come from the models, the serializers and the forms themselves, and what a
door takes from its serializer, so a new field is tried as soon as it is there.
"""

import copy
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from uuid import UUID

import pytest
from django import forms
from django.apps import apps
from django.db import connection, transaction
from django.db.models import Value
from django.test import Client
from rest_framework.serializers import Serializer

from apps.accounts.models import AuditEntry, LoginSession
from apps.tasks.board import ranks
from teamboard.rest.docs import schema
from tests.authz.belonging import models_of_projects, path_to_project, rows_of
from tests.authz.bodies import TAKES
from tests.authz.cast import World, session
from tests.authz.routes import Route
from tests.authz.test_matrix import EXPECTED, body_of, foreign, own, product_routes, send  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.req("Z3", "Z4")]
Rows = set[tuple[str, str]]
LISTS = {"labels"}
# Django's own lists, and what a refused request writes too: when a session was last used, what guessing was refused.
REFUSALS = {"axes_accessattempt", AuditEntry._meta.db_table}
NOT_COMPARED = {"auth_permission", "django_content_type", LoginSession._meta.db_table, *REFUSALS}
STARTS = itertools.count(1_000_000, 100_000)  # sequences are not taken back


def writing_doors() -> list[tuple[Route, str]]:
    return [
        (route, method)
        for route in product_routes()
        for method in EXPECTED["routes"][route.path]["methods"]
        if method not in ("GET", "ANY")
    ]


@pytest.fixture
def asker(own, settings) -> Client:  # noqa: F811
    """The owner, who administers the site as well: every door is open to them."""
    settings.API_READS_PER_MINUTE = settings.API_WRITES_PER_MINUTE = settings.API_FAILURES_PER_MINUTE = 10**6
    own.owner.is_staff = own.owner.is_superuser = True
    own.owner.save()
    return session(own.owner)


def all_rows() -> Rows:
    """Every row of every table that is compared, as text."""
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    each = [f"SELECT '{table}', t::text FROM \"{table}\" t" for table in tables - NOT_COMPARED]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each))
        return set(cursor.fetchall())


@pytest.fixture
def theirs(own, request) -> Rows:  # noqa: F811
    """The rows of the other project."""
    before = all_rows()
    request.getfixturevalue("foreign")
    return all_rows() - before


def every_field() -> set[str]:
    """The names of all fields that anything here has, and some that nothing has."""
    names = {"is_admin", "nothing", "__proto__", "pk"}
    for model in apps.get_models():
        for field in model._meta.get_fields():
            names |= {field.name, getattr(field, "attname", field.name)}
    for shape in each_subclass(Serializer):
        names |= set(getattr(shape, "_declared_fields", ())) | set(getattr(getattr(shape, "Meta", None), "fields", ()))
    for shape in each_subclass(forms.BaseForm):
        names |= set(getattr(shape, "base_fields", ()))
    return names


def each_subclass(kind: type) -> Iterator[type]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from each_subclass(subclass)


def own_fields(route: Route, method: str, body: dict) -> set[str]:
    """The fields a door is for: by its serializer, or for a page by bodies.py."""
    if not route.path.startswith("api/"):
        return {*body, *TAKES.get(route.path, ())}
    addresses = {re.sub(r"{\w+}", "{}", address): methods for address, methods in schema()["paths"].items()}
    operation = addresses.get("/" + re.sub(r"<[\w:]+>", "{}", route.path), {}).get(method.lower(), {})
    asked = operation.get("requestBody")
    if not asked:
        return set()
    (taken,) = asked["content"].values()
    name = taken["schema"]["$ref"].rpartition("/")[2]
    fields = schema()["components"]["schemas"][name]["properties"]
    return {name for name, field in fields.items() if not field.get("readOnly")}


@dataclass
class Outcome:
    status: int
    rows: Rows  # all there are, afterwards
    crossings: list[str]  # what came to point from our project into the other


@pytest.fixture
def outcome(own, foreign, asker, monkeypatch) -> Callable[[Route, str, dict], Outcome]:  # noqa: F811
    """Send a body to a door, look at the whole database, and take it all back."""

    monkeypatch.setattr(ranks, "secrets", SimpleNamespace(randbelow=lambda below: 0, choice=lambda many: many[0]))
    start, look = next(STARTS), crossings(own, foreign)

    def sent(route: Route, method: str, body: dict) -> Outcome:
        address = route.filled(*map(own.id_of, route.arguments))
        cookies = copy.deepcopy(asker.cookies)
        with transaction.atomic():
            count_from(start)
            status = send(asker, method, route, address, body).status_code
            after = Outcome(status, all_rows(), look() if status < 400 else [])
            transaction.set_rollback(True)
        asker.cookies = cookies
        return after

    return sent


def count_from(start: int) -> None:
    """New rows get the same ids each time, so that two outcomes can be compared."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(quote_ident(sequencename)::regclass, %s) FROM pg_sequences", [start])


def crossings(own: World, foreign: World) -> Callable[[], list[str]]:  # noqa: F811
    """What looks up, by one statement made once, which relations lead from our project into the other."""
    each = []
    for model in models_of_projects(EXPECTED["models"]):
        for field in [*model._meta.fields, *model._meta.many_to_many]:
            if field.is_relation and path_to_project(field.related_model):
                theirs = rows_of(field.related_model, foreign.project).values("pk")
                ours = rows_of(model, own.project).order_by().filter(**{f"{field.name}__in": theirs})
                each.append(ours.values_list(Value(f"{model._meta.label}.{field.name}")))
    statement = each[0].union(*each[1:]).query.sql_with_params()

    def look() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(*statement)
            return [name for (name,) in cursor.fetchall()]

    return look


def without_chance(rows: Rows) -> Rows:
    """Rows without what differs whenever something is done: instants, random keys, what was encrypted."""
    encrypted = r"gAAAA[\w=-]{20,}"
    chance = r"\d{4}-\d\d-\d\d[ T][\d:.]+\+00(:00)?|[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{8,64}\b|!\w{40}"
    return {(table, re.sub(f"{encrypted}|{chance}", "…", text)) for table, text in rows}


def test_what_is_sent_besides_changes_nothing(own, foreign, outcome):  # noqa: F811
    names, wrong = every_field(), []
    for route, method in writing_doors():
        body = body_of(route, method, own)
        besides = names - own_fields(route, method, body)
        plain = outcome(route, method, body)
        if body and plain.status not in (200, 201, 302):
            wrong.append(f"{method} {route.path} does not take its body in bodies.py: {plain.status}")
        for value in (foreign.project.pk, "owner", True):
            loaded = outcome(route, method, dict.fromkeys(besides, value) | body)
            changed = without_chance(loaded.rows - plain.rows) ^ without_chance(plain.rows - loaded.rows)
            if changed or loaded.status != plain.status:
                wrong.append(f"{method} {route.path} with {value}: {loaded.status}, {changed}")
    assert not wrong, "\n".join(wrong)


def test_an_id_of_another_project_has_no_effect(own, theirs, foreign, outcome):  # noqa: F811
    before, wrong = all_rows(), []
    for route, method in writing_doors():
        body = body_of(route, method, own)
        for field, value in itertools.product(own_fields(route, method, body), foreign.ids()):
            plain = str(value) if isinstance(value, UUID) else value
            after = outcome(route, method, body | {field: [plain] if field in LISTS else plain})
            is_refused_whole = after.status < 400 or after.rows == before
            if after.status >= 500 or after.crossings or not theirs <= after.rows or not is_refused_whole:
                wrong.append(f"{method} {route.path} {field}={value}: {after.status}, {after.crossings}")
    assert not wrong, "\n".join(wrong)


def test_a_crossing_is_seen(own, foreign):  # noqa: F811
    own.task.parent = foreign.task
    own.task.save()
    assert crossings(own, foreign)() == ["tasks.Task.parent"]
