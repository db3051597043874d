"""Rows that a change adds at its very end, all of them by one statement."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import Model


@contextmanager
def written_at_end(write: Callable[[list[Model]], None]) -> Iterator[None]:
    """Have the rows that `add` is given meanwhile written by one call of `write`, when the block ends without an error.

    They come in the order in which they were added, without those of a savepoint that was rolled back. Call it in
    a transaction; of two blocks one in the other, the outer one writes.
    """
    if _changes.is_open:
        yield
        return
    _changes.is_open = True
    try:
        yield
        if rows := _take():
            write(rows)
    finally:
        _changes.is_open = False


def add(row: Model) -> bool:
    """Have `row` written at the end of the block; False outside of one, where the caller writes it itself."""
    if _changes.is_open:
        transaction.on_commit(_Late(row))
    return _changes.is_open


class _Changes(threading.local):
    """Whether this thread is inside of a block."""

    is_open = False


_changes = _Changes()


class _Late:
    """Stands among what Django calls after the commit: of those it forgets what a rolled-back savepoint added."""

    def __init__(self, row: Model) -> None:
        self.row = row

    def __call__(self) -> None:
        """Nothing: `written_at_end` takes it out before."""


def _take() -> list[Model]:
    """The rows that are to be written now."""
    hooks = connection.run_on_commit  # (savepoints, function, robust)
    rows = [hook[1].row for hook in hooks if isinstance(hook[1], _Late)]
    connection.run_on_commit = [hook for hook in hooks if not isinstance(hook[1], _Late)]
    return rows
