"""Who did what, when and from where: entries that are added and never changed, and their chain.

`record` is called in the transaction of what it tells of, so that neither stands without the
other. The database seals each entry when that commits (docs/decisions/0007).
"""

import ipaddress
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.http import HttpRequest

from apps.accounts import rate_limits
from apps.accounts.models import ApiToken, AuditEntry, User
from apps.rest.secret_paths import shown_path
from apps.sql import late_rows
from apps.sql.statements import Statement

LONGEST_TEXT = 300
MOST_FACTS = 30
REFUSALS_PER_MINUTE = 20  # of one address; further ones are only logged, else anybody could fill the disk
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


@contextmanager
def of_request(request: HttpRequest) -> Iterator[None]:
    """Have what is recorded meanwhile say where `request` came from, also in verbs that know no request."""
    before = _request.set(request)
    try:
        yield
    finally:
        _request.reset(before)


def record(
    action: str,
    *,
    by: User | None,
    project_id: int | None = None,
    request: HttpRequest | None = None,
    run: UUID | str | None = None,
    asked_by: User | None = None,
    **facts: Any,
) -> AuditEntry:
    """Add one entry, called `noun.past_participle`. `by` is None when the board, or nobody we know, acted.

    `run` is the agent's run it was part of, and `asked_by` who wanted that run. `facts` are names
    and numbers, old and new; never a token, a password or what somebody wrote.

    Within a change (`locked_for_change`) it has its number and time when that ends.
    """
    request = request or _request.get()
    entry = AuditEntry(
        action=action,
        user_id=by.pk if by else None,
        who=_plain(str(by))[:150] if by else "",
        token=_token_of(request, by),
        run=run,
        asked_by_id=asked_by.pk if asked_by else None,
        asked_by=_plain(str(asked_by))[:150] if asked_by else "",
        project_id=project_id,
        address=address_of(request),
        facts=_bounded(facts),
    )
    if not late_rows.add(entry):
        entry.pk, entry.at = _ADD.one(entries=to_json([entry]))
        entry._state.adding = False
    return entry


class Added(NamedTuple):
    """What the database gives an entry."""

    id: int
    at: datetime


# The entries that `to_json` made a parameter of, in their order.
INSERT = """
    INSERT INTO accounts_auditentry
        (action, at, user_id, who, token, run, asked_by_id, asked_by, project_id, address, facts)
    SELECT action, statement_timestamp(), user_id, who, token, run, asked_by_id, asked_by, project_id, address, facts
    FROM jsonb_to_recordset(%(entries)s::jsonb) AS given(
        action text, user_id bigint, who text, token text, run uuid, asked_by_id bigint, asked_by text,
        project_id bigint, address inet, facts jsonb
    ) RETURNING id, at"""
_ADD = Statement(Added, INSERT)
_COLUMNS = ("action", "user_id", "who", "token", "run", "asked_by_id", "asked_by", "project_id", "address", "facts")


def to_json(entries: Iterable[AuditEntry]) -> str:
    """The parameter of INSERT."""
    return json.dumps([{name: getattr(entry, name) for name in _COLUMNS} for entry in entries], default=str)


def refused(action: str, *, by: User | None, request: HttpRequest, **facts: Any) -> None:
    """Add an entry about something that was not allowed; of one address REFUSALS_PER_MINUTE at most."""
    if rate_limits.passes(f"audit:{address_of(request)}", REFUSALS_PER_MINUTE):
        record(action, by=by, request=request, **facts)


def denied(request: HttpRequest, code: str) -> None:
    """Somebody asked for what they may not do, and was told so."""
    by = request.user if request.user.is_authenticated else None
    refused("access.denied", by=by, request=request, code=code, method=request.method, path=shown_path(request))


def address_of(request: HttpRequest | None) -> str | None:
    """Where it came from; None for a job, or behind a proxy that does not say."""
    try:
        return str(ipaddress.ip_address(request.META["REMOTE_ADDR"].partition("%")[0])) if request else None
    except (KeyError, ValueError):
        return None


def _token_of(request: HttpRequest | None, by: User | None) -> str:
    token = getattr(request, "auth", None)
    return token.prefix if by and isinstance(token, ApiToken) and token.user_id == by.pk else ""


def _bounded(fact: Any) -> Any:
    """The same in a size that an entry may have, on one line, and as JSON."""
    if isinstance(fact, dict):
        return {_plain(str(name)): _bounded(value) for name, value in list(fact.items())[:MOST_FACTS]}
    if isinstance(fact, list | tuple | set | frozenset):
        return [_bounded(value) for value in list(fact)[:MOST_FACTS]]
    return fact if fact is None or isinstance(fact, int) else _plain(str(fact))


def _plain(text: str) -> str:
    return UNPRINTABLE.sub(" ", text[:LONGEST_TEXT])
