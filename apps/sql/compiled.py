"""Query sets that are compiled once a process: the ORM says what is read, and is not asked again how.

Building a query set and compiling it takes Django five to ten times as long as the database takes to
answer it. What each request asks is compiled at its first use and executed with other values after that:

    @compiled
    def _project_with_role(user: int, key: str) -> QuerySet[Project]:
        return Project.objects.filter(memberships__user=user, key=key).with_role()

    project = _project_with_role.first(user=request.user.pk, key=key)

The columns come from the models, so a field that is added, moved or renamed needs no second thought.
Everything else uses the ORM as usual.
"""

import inspect
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, cast

from django.db import NotSupportedError, connection, transaction
from django.db.models import QuerySet, prefetch_related_objects
from django.db.models.query import FlatValuesListIterable, ModelIterable, ValuesListIterable, get_related_populators
from psycopg.types import numeric

# Values that stand for the parameters while the statement is compiled, by their types: nothing else has them.
_STANDS_FOR: dict[type, Callable[[int], Any]] = {
    int: lambda number: 31_001 + number,  # fits a small integer's column, too
    str: lambda number: f"\ue000{number}\ue000",
    uuid.UUID: lambda number: uuid.uuid5(uuid.NAMESPACE_OID, f"parameter {number}"),
    datetime: lambda number: datetime(1901, 1, 1 + number, tzinfo=UTC),
}

_BITS: dict[type, int] = {numeric.Int2: 15, numeric.Int4: 31, numeric.Int8: 63}

type Value = Callable[[dict[str, Any]], Any]


def compiled[**P, Row](build: Callable[P, QuerySet[Any, Row]]) -> "CompiledQuery[P, Row]":
    """The query set that `build` makes, as a statement; each parameter is an int, a str, a UUID or a datetime.

    `build` is called once with values that stand for the parameters, so it must not look at them: no
    `if` on a value, no list of them, no slice by them, and no moment of its own (give it as a parameter).
    What it prefetches is asked by the ORM, for each use. A number that its column can't hold finds no
    row, as in the ORM's `=`.
    """
    return CompiledQuery(build)


class CompiledQuery[**P, Row]:
    """A statement and its rows: instances, with what is joined and annotated, or the tuples of `values_list`."""

    def __init__(self, build: Callable[P, QuerySet[Any, Row]]) -> None:
        self._build = build
        self.__doc__ = build.__doc__
        self.__name__ = build.__name__
        self._names = tuple(inspect.signature(build).parameters)

    def all(self, *args: P.args, **values: P.kwargs) -> list[Row]:
        """Every row, in the query set's order."""
        return list(self._rows(args, values))

    def first(self, *args: P.args, **values: P.kwargs) -> Row | None:
        """The first row, None when there is none. The others are read, too: slice what may have many."""
        return next(self._rows(args, values), None)

    @property
    def sql(self) -> str:
        """The statement as the database gets it."""
        return str(self._statement.sql)

    def _rows(self, args: tuple[Any, ...], values: dict[str, Any]) -> Iterator[Row]:
        statement = self._statement
        if args:
            values = dict(zip(self._names, args, strict=False)) | values
        if statement.locks and not connection.in_atomic_block:
            raise transaction.TransactionManagementError(f"{self.__name__} locks, outside of a transaction.")
        try:
            given = [value(values) for value in statement.values]
        except OverflowError:
            return iter(())
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, given)
            rows = cursor.fetchall()
        return cast(Iterator[Row], statement.read(rows))

    @cached_property
    def _statement(self) -> "_Statement":
        kinds = inspect.get_annotations(self._build)
        stand_ins = {name: _STANDS_FOR[kinds[name]](number) for number, name in enumerate(self._names)}
        return _Statement(cast(Any, self._build)(**stand_ins), stand_ins)


class _Statement:
    """SQL, where its values come from, and how rows are made of what the database answers."""

    def __init__(self, rows: Any, stand_ins: dict[str, Any]) -> None:
        self._prefetch = rows._prefetch_related_lookups
        self.locks = rows.query.select_for_update
        self._fetch_mode = rows._fetch_mode
        self._compiler = rows.query.get_compiler(connection=connection)
        self.sql, given = self._compiler.as_sql()
        self.values = [self._value(each, stand_ins) for each in given]
        if missing := [name for name, value in stand_ins.items() if not any(_is(each, value) for each in given)]:
            raise NotSupportedError(f"The compiled statement does not use {', '.join(missing)} as it is given.")
        self._shape = self._shape_of(rows)
        self._converters = self._compiler.get_converters(column[0] for column in self._compiler.select)

    def _value(self, given: Any, stand_ins: dict[str, Any]) -> Value:
        for name, value in stand_ins.items():
            if _is(given, value):
                kind = type(given)  # the database's own integers are made again; all else is handed on
                if kind is type(value):
                    return lambda values: values[name]
                return lambda values: _fitting(kind, values[name])
        if isinstance(given, date):
            raise NotSupportedError("A moment in a compiled query would stand still: give it as a parameter.")
        return lambda values: given

    def read(self, rows: list[tuple[Any, ...]]) -> Iterator[Any]:
        converted: Iterable[Any] = rows
        if self._converters:
            converted = self._compiler.apply_converters(rows, self._converters)
        if not self._prefetch:
            return self._shape(converted)
        found = list(self._shape(converted))
        prefetch_related_objects(found, *self._prefetch)
        return iter(found)

    def _shape_of(self, rows: Any) -> Callable[[Iterable[Any]], Iterator[Any]]:
        kind = rows._iterable_class
        if kind is ValuesListIterable:
            return lambda found: map(tuple, found)
        if kind is FlatValuesListIterable:
            return lambda found: (row[0] for row in found)
        if kind is not ModelIterable:
            raise NotSupportedError(f"A compiled query gives instances or tuples, no {kind.__name__}.")
        return self._instances

    def _instances(self, rows: Iterable[Any]) -> Iterator[Any]:
        """As `ModelIterable` makes them of a compiler's rows."""
        model, names, first, last, related, annotations = self._plan
        for row in rows:
            instance = model.from_db(connection.alias, names, row[first:last])
            for populator in related:
                populator.populate(row, instance)
            for name, position in annotations:
                setattr(instance, name, row[position])
            yield instance

    @cached_property
    def _plan(self) -> tuple[Any, ...]:
        select, about = self._compiler.select, self._compiler.klass_info
        fields = about["select_fields"]
        first, last = fields[0], fields[-1] + 1
        names = [column[0].target.attname for column in select[first:last]]
        related = get_related_populators(about, select, connection.alias, self._fetch_mode)
        return about["model"], names, first, last, related, list(self._compiler.annotation_col_map.items())


def _fitting(kind: type[int], number: int) -> int:
    """`number` as the column's kind of integer. Raises OverflowError for one that it can't hold."""
    if kind in _BITS and not -(1 << _BITS[kind]) <= number < 1 << _BITS[kind]:
        raise OverflowError(number)
    return kind(number)


def _is(given: Any, stand_in: Any) -> bool:
    return isinstance(given, type(stand_in)) and given == stand_in
