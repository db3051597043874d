"""Which of many sessions live: asked for all sockets of a project, with each frame that they are sent."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from apps.accounts.models.login_session import lifetime_of
from apps.sql.statements import Statement


class Session(NamedTuple):
    """What a session's life depends on."""

    public_id: UUID
    user_id: int
    issuer: str
    began_at: datetime
    used_at: datetime

    @property
    def is_alive(self) -> bool:
        return lifetime_of(self.user_id, self.issuer).lasts(self.began_at, self.used_at)


_OF_ACTIVE_PEOPLE = Statement(
    Session,
    """
    SELECT s.public_id, s.user_id, s.issuer, s.began_at, s.used_at
    FROM accounts_loginsession s JOIN accounts_user u ON u.id = s.user_id
    WHERE s.public_id = ANY(%(ids)s::uuid[]) AND u.is_active""",
)


def alive_among(public_ids: Iterable[UUID]) -> set[UUID]:
    """Those that live, of people whose account is open."""
    return {each.public_id for each in _OF_ACTIVE_PEOPLE.all(ids=list(public_ids)) if each.is_alive}
