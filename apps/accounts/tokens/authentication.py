"""How the API knows who asks: a personal token in the header, or the session of a page."""

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import APIException, AuthenticationFailed, ErrorDetail, PermissionDenied, Throttled
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from apps.accounts import audit, rate_limits, wrong_origin
from apps.accounts.models import ApiToken, User
from apps.accounts.oidc import bearer
from apps.accounts.tokens import tokens
from apps.rest.secret_paths import shown_path


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer tb_…`, nowhere else; or an access token of the provider, where that is switched on.

    That a token only reads is asked here, so no view can forget it. What else it takes away, its
    person carries: `visible_to` asks for the projects, the policy for the agents.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiToken | None] | None:
        kind, _space, text = get_authorization_header(request).partition(b" ")
        if kind.lower() != b"bearer":
            return None
        given = text.decode("latin-1").strip()
        if bearer.is_one(given) and (person := bearer.person_of(given)):
            return person, None
        token = tokens.find(given)
        if token is None:
            raise _unknown(request)
        if request.method not in SAFE_METHODS and token.scope == ApiToken.Scope.READ:
            raise PermissionDenied(_("This token may only read."))
        tokens.note_use(token)
        return _limited_to(token), token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Team Board"'


def _unknown(request: Request) -> APIException:
    """Counted by address, which ends guessing there; the good tokens of that address are not asked here."""
    audit.refused("token.refused", by=None, request=request._request, path=shown_path(request._request))
    if rate_limits.passes(f"unknown:{request.META.get('REMOTE_ADDR', '')}", settings.API_FAILURES_PER_MINUTE):
        return AuthenticationFailed(_("This token is unknown, has expired or was revoked."))
    refusal = Throttled(wait=rate_limits.seconds_left())
    refusal.detail = ErrorDetail(_("Too many unknown tokens came from this address. Please try again in a minute."))
    return refusal


def _limited_to(token: ApiToken) -> User:
    if token.only_projects is not None:
        token.user.only_projects = frozenset(token.only_projects)
    token.user.may_direct_agents = token.scope == ApiToken.Scope.AGENTS
    return token.user


class Session(SessionAuthentication):
    """The session's person; an unsafe method must carry the CSRF token."""

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except PermissionDenied as refused:
            if wrong_origin.is_cause(str(refused.detail).removeprefix("CSRF Failed: ")):
                raise PermissionDenied(wrong_origin.tell(request), code=wrong_origin.CODE) from refused
            raise
