"""What is remembered between a sign-in's beginning and its end: a state, in the session, for ten minutes."""

from typing import NamedTuple

from django.http import HttpRequest
from django.utils import timezone

KEPT = 600  # seconds


class PendingSignIn(NamedTuple):
    nonce: str
    code_verifier: str
    after: str
    link_to: int | None
    at: float

    @property
    def is_too_old(self) -> bool:
        return timezone.now().timestamp() - self.at > KEPT


def store(request: HttpRequest, state: str, *, after: str, link_to: int | None) -> None:
    """Add our own facts to the state that mozilla-django-oidc keeps."""
    request.session["oidc_states"][state] |= {"after": after, "link_to": link_to}
    request.session.modified = True


def take(request: HttpRequest, state: str) -> PendingSignIn | None:
    """What was begun with `state` in this browser, once; None for an unknown, used or foreign one."""
    states = request.session.get("oidc_states", {})
    kept = states.pop(state, None)
    if kept is None:
        return None
    request.session.save()  # the rest takes time, and nobody is to use it meanwhile
    return PendingSignIn(kept["nonce"], kept["code_verifier"], kept["after"], kept["link_to"], kept["added_on"])
