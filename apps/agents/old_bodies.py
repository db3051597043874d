"""How long the messages are kept that went to gateways, and the bodies of what they reported."""

from typing import Any

from django.conf import settings
from django.db import connection

from apps.agents.runs.states import ENDED

BATCH = 500  # rows one statement empties; those that somebody holds are left to the next time

# Only of runs that have ended, and for good: an open one is sent again with the same bytes. Rows stay, so that a
# report which comes twice is still known.
_SENT = """
UPDATE agents_run SET request_body = NULL WHERE id IN (
    SELECT id FROM agents_run
    WHERE request_body IS NOT NULL AND ended_at < now() - %(days)s * interval '1 day' AND status = ANY(%(ended)s)
    ORDER BY ended_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
"""
_REPORTED = """
UPDATE agents_callbackreport SET body = '{}' WHERE id IN (
    SELECT c.id FROM agents_callbackreport c JOIN agents_run r ON r.id = c.run_id
    WHERE c.body <> '{}' AND c.received_at < now() - %(days)s * interval '1 day'
      AND r.ended_at < now() - %(days)s * interval '1 day' AND r.status = ANY(%(ended)s)
    ORDER BY c.id LIMIT %(batch)s FOR UPDATE OF c SKIP LOCKED)
"""


def empty() -> int:
    """Empty those that are older than RUN_BODY_DAYS, some at a time; how many there were. 0 days keep all."""
    days, emptied = settings.RUN_BODY_DAYS, 0
    if not days:
        return 0
    facts: dict[str, Any] = {"days": days, "ended": [str(status.value) for status in ENDED], "batch": BATCH}
    with connection.cursor() as cursor:
        for statement in (_SENT, _REPORTED):
            changed = BATCH
            while changed == BATCH:
                cursor.execute(statement, facts)
                changed = cursor.rowcount
                emptied += changed
    return emptied
