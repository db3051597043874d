"""How many tasks each column has: triggers of the database keep the numbers, and this looks whether they are right."""

import logging
from typing import NamedTuple

from django.db import connection

from apps.projects.changes import locked_for_change
from apps.sql.statements import Statement

log = logging.getLogger(__name__)


class WrongCount(NamedTuple):
    """A column whose count is not that of its tasks."""

    column: int
    project: int
    kept: int
    counted: int


# A task and its column's count are written by one transaction, so one statement sees both or neither.
_WRONG = Statement(
    WrongCount,
    """
    SELECT c.id AS column, c.project_id AS project, c.task_count AS kept, t.counted
    FROM tasks_column c
    CROSS JOIN LATERAL (SELECT count(*)::int AS counted FROM tasks_task t WHERE t.column_id = c.id) t
    WHERE c.task_count <> t.counted AND (%(project)s::bigint = 0 OR c.project_id = %(project)s::bigint)""",
)


def wrong_counts(project: int = 0) -> list[WrongCount]:
    """Those of one project, or of all."""
    return _WRONG.all(project=project)


def mend() -> int:
    """Count anew where a count is wrong, under the project's lock, and say so in the log; how many there were."""
    found = 0
    for project in sorted({wrong.project for wrong in wrong_counts()}):
        with locked_for_change(project), connection.cursor() as cursor:
            for wrong in wrong_counts(project):
                cursor.execute("UPDATE tasks_column SET task_count = %s WHERE id = %s", [wrong.counted, wrong.column])
                log.warning("A column's count was wrong, and is counted anew", extra=wrong._asdict())
                found += 1
    return found
