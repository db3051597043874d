"""Django's `migrate`, one at a time on a database: several containers may be told to migrate at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.management.commands import migrate
from django.db import connections

LOCK = 0x7465616D  # an advisory lock of ours: "team"


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with alone(options["database"]):
            super().handle(*args, **options)


@contextmanager
def alone(database: str, lock: int = LOCK) -> Iterator[None]:
    """Wait, however long, for the one who has `lock` now; what is left to do is read afterwards.

    On a connection of its own, without the time limits of ours: the lock ends with it, also when this process dies.
    """
    given = connections[database].get_connection_params()
    words = ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey")
    with psycopg.connect(**{word: given[word] for word in words if word in given}, autocommit=True) as own:
        own.execute("SELECT pg_advisory_lock(%s)", [lock])
        yield
