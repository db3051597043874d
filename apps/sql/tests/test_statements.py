"""Every statement written by hand answers the columns that its rows name."""

import re
from importlib import import_module
from pkgutil import walk_packages
from typing import NamedTuple

import pytest
from django.db import ProgrammingError, connection

import apps
from apps.sql.statements import Statement

pytestmark = pytest.mark.django_db


class Pair(NamedTuple):
    first: int
    second: int


def _all_statements() -> list[Statement]:
    found = {}
    for module in walk_packages(apps.__path__, "apps."):
        if not any(part in module.name for part in (".migrations", ".tests", "conftest")):
            found |= {
                id(each): each for each in vars(import_module(module.name)).values() if isinstance(each, Statement)
            }
    return list(found.values())


def _columns(statement: Statement) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, dict.fromkeys(re.findall(r"%\((\w+)\)s", statement.sql)))
        return [column.name for column in cursor.description]


def test_columns_of_each_statement_are_the_fields_of_its_rows():
    found = _all_statements()
    assert found
    for statement in found:
        assert tuple(_columns(statement)) == statement.row._fields, statement.sql


def test_a_column_that_is_gone_or_has_moved_is_noticed():
    with pytest.raises(ProgrammingError, match="last_number_of_all"):
        _columns(Statement(Pair, "SELECT id AS first, last_number_of_all AS second FROM projects_project"))


def test_rows_are_named():
    pair = Statement(Pair, "SELECT %(one)s::int AS first, 2 AS second WHERE %(one)s::int > 0")
    assert pair.one(one=1) == Pair(1, 2)
    assert pair.first(one=0) is None
    assert pair.all(one=3) == [Pair(3, 2)]
    with pytest.raises(ValueError, match="not enough values"):
        pair.one(one=0)
