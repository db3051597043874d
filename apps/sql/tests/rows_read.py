"""How many rows of each table the database reads for some statements: what grows with the data shows here first."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db import connection


def rows_read(statements: Iterable[str]) -> Counter[str]:
    """The rows by table, as `EXPLAIN ANALYZE` counts them; those that a filter turned away are read as well."""
    read: Counter[str] = Counter()
    for statement in statements:
        if not statement.startswith(("SELECT", "WITH")):
            continue
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}".replace("%", "%%"), [])
            [plans] = cursor.fetchone()
        _add(json.loads(plans)[0]["Plan"] if isinstance(plans, str) else plans[0]["Plan"], read)
    return read


def _add(node: dict[str, Any], read: Counter[str]) -> None:
    if table := node.get("Relation Name"):
        turned_away = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        read[table] += int((node["Actual Rows"] + turned_away) * node["Actual Loops"])
    for child in node.get("Plans", ()):
        _add(child, read)


def analyze(*tables: str) -> None:
    """Have the planner know how much there is, as it does in production."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(table)}")
