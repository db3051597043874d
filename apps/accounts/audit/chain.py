"""Whether the audit is whole: each entry as it was sealed, none missing, none slipped in."""

import hashlib
from typing import NamedTuple

from django.db import connection


class Finding(NamedTuple):
    """What a look along the chain came to: `fault` is "" for a whole one, `head` its last digest."""

    sealed: int
    head: str
    fault: str = ""


# What a seal is over; the function that seals (migration 0012) reads the same columns.
_LINKS = """
SELECT seal.id, seal.entry_id, seal.digest, entry.id IS NULL, jsonb_build_array(
    entry.id, entry.action, extract(epoch FROM entry.at), entry.user_id, entry.who, entry.token, entry.run,
    entry.asked_by_id, entry.asked_by, entry.project_id, host(entry.address), entry.facts)::text
FROM accounts_auditseal seal LEFT JOIN accounts_auditentry entry ON entry.id = seal.entry_id
ORDER BY seal.id"""
_UNSEALED = """
SELECT min(id) FROM accounts_auditentry entry
WHERE NOT EXISTS (SELECT FROM accounts_auditseal seal WHERE seal.entry_id = entry.id)"""


def verify() -> Finding:
    """Go along the whole chain and stop at the first entry that is not what was sealed."""
    sealed, head = 0, ""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_LINKS)
        for seal, entry, digest, is_gone, text in cursor:
            if seal != sealed + 1:
                return Finding(sealed, head, f"Seal {sealed + 1} is missing.")
            if is_gone:
                return Finding(sealed, head, f"Entry {entry} is missing.")
            if hashlib.sha256(f"{head}\n{text}".encode()).hexdigest() != digest:
                return Finding(sealed, head, f"Entry {entry} is not what was sealed.")
            sealed, head = seal, digest
    with connection.cursor() as cursor:
        cursor.execute(_UNSEALED)
        unsealed = cursor.fetchone()[0]
    return Finding(sealed, head, f"Entry {unsealed} was never sealed." if unsealed else "")


def holds(digest: str) -> bool:
    """Whether the chain has passed `digest`: somebody wrote it down, so all before it is still there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM accounts_auditseal WHERE digest = %s)", [digest])
        return bool(cursor.fetchone()[0])
