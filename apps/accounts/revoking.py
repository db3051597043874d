"""Ending sessions. Pages and the API find out at the next request, sockets at the next heartbeat."""

from apps.accounts.models import LoginSession, User


def end_session(session: LoginSession) -> None:
    LoginSession.objects.filter(public_id=session.public_id).delete()


def end_all_sessions(user: User, except_key: str | None = None) -> int:
    """End all sessions of `user`, but for the one with the key `except_key`; how many there were."""
    return user.sessions.exclude(session_key=except_key).delete()[0]


def end_provider_sessions(issuer: str, sub: str = "", sid: str = "") -> int:
    """End what `issuer` has signed in: its session `sid`, of its subject `sub`, or all of `sub`; how many.

    Raises ValueError when it is told neither: nobody means everybody.
    """
    if not (sub or sid):
        raise ValueError("A provider's sessions are ended by sub, by sid or by both.")
    told = {"sub": sub, "sid": sid}
    meant = LoginSession.objects.filter(issuer=issuer, **{name: value for name, value in told.items() if value})
    return meant.delete()[0]
