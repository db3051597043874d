"""Who is signed in, where and since when."""

import uuid
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models.user import User
from apps.accounts.sessions import user_agents

VISIT = timedelta(hours=1)  # of somebody who is not signed in: long enough to come back from Authentik


class Lifetime(NamedTuple):
    """How long a session lasts in all, and how long without being used."""

    whole: timedelta
    idle: timedelta

    def lasts(self, began_at: datetime, used_at: datetime) -> bool:
        return min(began_at + self.whole, used_at + self.idle) > timezone.now()


def local_lifetime() -> Lifetime:
    return Lifetime(settings.LOCAL_SESSION, settings.LOCAL_SESSION_IDLE)


def authentik_lifetime() -> Lifetime:
    return Lifetime(settings.AUTHENTIK_SESSION, settings.AUTHENTIK_SESSION_IDLE)


def lifetime_of(user_id: int | None, issuer: str) -> Lifetime:
    """As it is set now, for a session of nobody, of a password or of Authentik."""
    if user_id is None:
        return Lifetime(VISIT, VISIT)
    return authentik_lifetime() if issuer else local_lifetime()


class LoginSessions(models.QuerySet["LoginSession"]):
    def alive(self) -> "LoginSessions":
        return self.filter(_is_alive())

    def with_here(self, key: str | None) -> "LoginSessions":
        """Each with `is_here`, whether it is the one with `key`; that one first, then the last used."""
        return self.annotate(is_here=Q(session_key=key)).order_by("-is_here", "-used_at")

    def over(self) -> "LoginSessions":
        return self.filter(~_is_alive())


def _is_alive() -> Q:
    """By the lifetimes as they are set now, so a shorter one holds for sessions that exist already."""
    now = timezone.now()

    def within(lifetime: Lifetime) -> Q:
        return Q(began_at__gt=now - lifetime.whole, used_at__gt=now - lifetime.idle)

    is_visit, is_local = Q(user=None), Q(issuer="")
    return (
        (is_visit & within(Lifetime(VISIT, VISIT)))
        | (~is_visit & is_local & within(local_lifetime()))
        | (~is_visit & ~is_local & within(authentik_lifetime()))
    )


class LoginSession(AbstractBaseSession):
    """A browser's session, with what its person and a provider's logout must be able to find it by.

    Its key opens it, so pages and sockets name it by `public_id`, which stays when the key changes.
    A closed account and a new password end a person's sessions by a trigger in the database.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="sessions")
    # As Authentik named the person and its own session; empty when signed in with a password.
    issuer = models.CharField(max_length=255, blank=True)
    sub = models.CharField(max_length=255, blank=True)
    sid = models.CharField(max_length=255, blank=True, db_index=True)
    address = models.CharField(max_length=45, blank=True)
    device = models.CharField(max_length=300, blank=True)
    began_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(default=timezone.now)

    objects = LoginSessions.as_manager()  # type: ignore[misc, assignment]  # in place of the stock manager, whose save() nobody calls

    class Meta:
        ordering = ["-used_at"]
        indexes = [models.Index(fields=["issuer", "sub"], name="session_of_identity")]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def device_in_words(self) -> str:
        return user_agents.in_words(self.device)

    @property
    def lifetime(self) -> Lifetime:
        """As it is set now."""
        return lifetime_of(self.user_id, self.issuer)

    @property
    def ends_at(self) -> datetime:
        """When it ends at the latest, however much it is used."""
        return self.began_at + self.lifetime.whole

    @property
    def is_alive(self) -> bool:
        """The same as `alive()` asks of the database, for a row that has been read."""
        return self.lifetime.lasts(self.began_at, self.used_at)
