from collections.abc import Callable
from typing import Any

from django.db import DataError
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base, operations
from psycopg import Connection

from teamboard.postgresql.warm_pool import WarmPool


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
    _connection_pools: dict[str, WarmPool]
    _configure_connection: Callable[[Connection[Any]], None]

    @property
    def pool(self) -> WarmPool | None:
        """As Django makes it, but of our class, which it offers no setting for."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        if self.alias not in self._connection_pools:
            made = WarmPool(
                kwargs=self.get_connection_params() | {"autocommit": True},
                open=False,
                configure=self._configure_connection,
                check=WarmPool.check_connection if self.settings_dict["CONN_HEALTH_CHECKS"] else None,
                **options,
            )
            self._connection_pools.setdefault(self.alias, made)  # two threads may have made one each
        return self._connection_pools[self.alias]
