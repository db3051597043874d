"""Ending sessions. Pages and the API find out at the next request, sockets at the next heartbeat."""

from django.db import transaction

from apps.accounts import audit
from apps.accounts.audit import trail
from apps.accounts.models import LoginSession, User
from apps.accounts.sessions import user_agents


@transaction.atomic
def end_session(session: LoginSession, *, by: User) -> None:
    if LoginSession.objects.filter(public_id=session.public_id).delete()[0]:
        audit.record("sessions.ended", by=by, of=session.user, ended=1, device=user_agents.names_of(session.device))


@transaction.atomic
def end_all_sessions(user: User, *, by: User, except_key: str | None = None) -> int:
    """End all sessions of `user`, but for the one with the key `except_key`; how many there were."""
    ended = user.sessions.exclude(session_key=except_key).delete()[0]
    audit.record("sessions.ended", by=by, of=user, ended=ended)
    return ended


@transaction.atomic
def end_provider_sessions(issuer: str, sub: str = "", sid: str = "") -> int:
    """End what `issuer` has signed in: its session `sid`, of its subject `sub`, or all of `sub`; how many.

    Raises ValueError when it is told neither: nobody means everybody.
    """
    if not (sub or sid):
        raise ValueError("A provider's sessions are ended by sub, by sid or by both.")
    told = {"sub": sub, "sid": sid}
    meant = LoginSession.objects.filter(issuer=issuer, **{name: value for name, value in told.items() if value})
    whose = [str(session.user) for session in meant.select_related("user")[: trail.MOST_FACTS]]
    ended = meant.delete()[0]
    audit.record("sessions.ended", by=None, of=whose, ended=ended, asked_by_provider=issuer)
    return ended
