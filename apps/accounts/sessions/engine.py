"""Sessions kept as LoginSession rows: settings.SESSION_ENGINE.

A session is used by each request that carries its cookie, but not by what an open page asks by itself:
a socket, and the look for updates when there is none. So an open board alone does not keep it alive.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from asgiref.sync import sync_to_async
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, login
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from apps.accounts.models import LoginSession, User
from apps.sql.compiled import compiled

NOTED_EVERY = timedelta(minutes=1)
MOST_PER_PERSON = 50
COUNTS_AS_USE = "counts_as_session_use"  # the mark on a view


class Visitor(NamedTuple):
    """Where a request comes from. Behind a trusted proxy, the server has put the true address there."""

    address: str = ""
    device: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> "Visitor":
        agent = "".join(filter(str.isprintable, request.headers.get("User-Agent", "")))
        return cls(request.META.get("REMOTE_ADDR", "")[:45], agent[:300])


@compiled
def _with_person(key: str) -> QuerySet[LoginSession]:
    return LoginSession.objects.filter(session_key=key).select_related("user")


class SessionStore(db.SessionStore):
    """Reads the session together with its person, and only while it lives: one statement a request."""

    if TYPE_CHECKING:  # Django's own, which its stubs leave out
        _session: dict[str, Any]

        def _get_session(self) -> dict[str, Any]: ...
        def _get_or_create_session_key(self) -> str: ...

    row: LoginSession | None = None
    visitor = Visitor()

    @classmethod
    def get_model_class(cls) -> type[LoginSession]:
        return LoginSession

    def load(self) -> dict[str, Any]:
        self.row = _with_person.first(key=self.session_key or "")
        if self.row is None or not self.row.is_alive:
            self.row = None
            self._session_key = None
            return {}
        return self.decode(self.row.session_data)

    def create_model_instance(self, data: dict[str, Any]) -> LoginSession:
        self.row = self._row_of(data)
        self.row.session_key = self._get_or_create_session_key()
        self.row.session_data = self.encode(data)
        return self.row

    def _row_of(self, data: dict[str, Any]) -> LoginSession:
        """The row for `data`: the one there is while it is the same sign-in, else one that begins now."""
        identity = data.get("oidc", {})
        who = {
            "user_id": int(data[SESSION_KEY]) if SESSION_KEY in data else None,
            **{name: identity.get(name, "") for name in ("issuer", "sub", "sid")},
        }
        row = self.row
        if row is None or any(getattr(row, name) != value for name, value in who.items()):
            row = LoginSession(**who, **self.visitor._asdict())
        row.expire_date = row.ends_at
        return row

    def get_session_cookie_age(self) -> int:
        data = self._session
        return int((self._row_of(data).expire_date - timezone.now()).total_seconds())

    def cycle_key(self) -> None:
        """Another key for the same session: its row is never there twice, and never missing."""
        self._get_session()
        with transaction.atomic():
            self.delete()
            self.create()

    def flush(self) -> None:
        super().flush()
        self.row = None

    def note_use(self) -> None:
        """Remember that it was used, and where; written at most once in NOTED_EVERY, so reading stays reading."""
        now = timezone.now()
        if self.row is None or self.row.user_id is None or now - self.row.used_at < NOTED_EVERY:
            return
        self.row.used_at, self.row.address = now, self.visitor.address
        unnoted = LoginSession.objects.filter(pk=self.row.pk, used_at__lte=now - NOTED_EVERY)
        unnoted.update(used_at=now, address=self.visitor.address)

    @classmethod
    def clear_expired(cls) -> None:
        LoginSession.objects.over().delete()

    # For asynchronous callers the same in a thread: Django's own ones would not ask for the lifetimes.
    aload, asave, acreate, adelete = SessionBase.aload, SessionBase.asave, SessionBase.acreate, SessionBase.adelete

    async def acycle_key(self) -> None:
        await sync_to_async(self.cycle_key)()

    async def aflush(self) -> None:
        await sync_to_async(self.flush)()


def session_of(request: HttpRequest) -> "SessionStore":
    """The session of a request: with SESSION_ENGINE set to this module, it is one of ours."""
    return cast(SessionStore, request.session)


def start_session(request: HttpRequest, user: User, backend: str | None = None) -> None:
    """Sign `user` in: always under a new key, with nothing left of who was signed in before.

    Of their sessions, those unused for longest end when there would be more than MOST_PER_PERSON.
    """
    if request.user.is_authenticated:
        request.session.flush()
    surplus = user.sessions.order_by("-used_at")[MOST_PER_PERSON - 1 :]
    LoginSession.objects.filter(pk__in=surplus.values("pk")).delete()
    login(request, user, backend)


def person_of(session: SessionStore) -> User | AnonymousUser:
    """Whose session it is; it has been read with them. Nobody's, once the account is closed."""
    proof = session.get(HASH_SESSION_KEY, "")
    user = session.row.user if session.row else None
    if user is None or not user.is_active or not user.is_person:
        return AnonymousUser()
    if not constant_time_compare(proof, user.get_session_auth_hash()):
        session.flush()  # from before a new password
        return AnonymousUser()
    return user


def asked_by_page[View: Callable[..., HttpResponse]](view: View) -> View:
    """Mark `view` as one that an open page asks by itself: that does not count as using the session."""
    setattr(view, COUNTS_AS_USE, False)
    return view
