"""A pool that hands out the connection that came back last."""

from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool


class WarmPool(ConnectionPool[Connection[Any]]):
    """As many connections are used as there are requests at once, and those have their statements prepared.

    psycopg's own pool takes the one that has waited longest: after one rush three requests at once went round over
    twenty connections, each with its own plans to make and its own memory. Those that wait longest are the ones
    it closes when they are not needed for ten minutes.
    """

    def _get_ready_connection(self, timeout: float | None) -> Connection[Any] | None:
        self._pool.rotate(1)  # it takes from the left, what comes back is put on the right
        return super()._get_ready_connection(timeout)
