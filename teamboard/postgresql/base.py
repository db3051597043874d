from typing import Any

from django.db import DataError
from django.db.backends.postgresql import base, operations


class DatabaseOperations(operations.DatabaseOperations):
    """With server_side_binding a value for a smallint is sent as two bytes, one for an integer as four.

    psycopg's dumpers in C take the lowest bytes of any number: 65,538 became 2 without a word.
    """

    def adapt_integerfield_value(self, value: Any, internal_type: str) -> Any:
        adapted = super().adapt_integerfield_value(value, internal_type)
        if isinstance(adapted, int):
            _, most = self.integer_field_range(internal_type)
            if not -most - 1 <= adapted <= most:  # what must not be negative has a constraint
                raise DataError(f"{adapted} does not fit a column of type {internal_type}")
        return adapted


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
