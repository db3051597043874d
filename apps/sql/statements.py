"""Statements written by hand, for what the ORM can't say in one: each with the type of its rows."""

from typing import Any, cast

from django.db import connection


class Statement[Row: tuple[Any, ...]]:
    """SQL with named parameters (`%(name)s`), and the NamedTuple that names the columns it answers, in their order.

        class Place(NamedTuple):
            number: int
            count: int

        _PLACE = Statement(Place, "SELECT count(*) FILTER (WHERE ...) AS number, count(*) AS count FROM ...")
        place = _PLACE.one(column=column.pk, rank=rank)

    A test finds each one in its module, executes it against the database with NULL for every parameter,
    for which it must do nothing, and compares the columns with the fields. JSON is given as text.
    """

    def __init__(self, row: type[Row], sql: str) -> None:
        self.row, self.sql = row, sql

    def all(self, **values: Any) -> list[Row]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, values)
            make = cast(Any, self.row)._make
            return [make(found) for found in cursor.fetchall()]

    def first(self, **values: Any) -> Row | None:
        """The first row, None when there is none."""
        return next(iter(self.all(**values)), None)

    def one(self, **values: Any) -> Row:
        """The only row of a statement that always answers one."""
        [row] = self.all(**values)
        return row
