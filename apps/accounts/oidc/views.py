"""The way to the provider and back."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST
from mozilla_django_oidc.views import OIDCAuthenticationRequestView

from apps.accounts import rate_limits
from apps.accounts.forms import LinkForm
from apps.accounts.login import errors
from apps.accounts.login.views import safe_next
from apps.accounts.models import User
from apps.accounts.oidc import auth_state, provider, sign_in_log
from apps.accounts.oidc.auth_state import PendingSignIn
from apps.accounts.oidc.errors import SignInRefused
from apps.accounts.oidc.identities import provision
from apps.accounts.oidc.token_exchange import CALLBACK, Exchange, redirect_uri
from apps.accounts.request_types import MemberRequest, user_of
from apps.accounts.sessions import engine
from apps.accounts.users.language import with_language
from apps.accounts.users.views import profile_page

BACKEND = "apps.accounts.login.backends.PeopleBackend"
STARTS_PER_MINUTE = 30  # from one address
# OAuth's words for what the provider refused (RFC 6749, 4.1.2.1; OIDC Core, 3.1.2.6) that have a text of ours.
PROVIDER_SAYS = {"access_denied", "login_required"}
NEVER_RETURNED_TO = ("/api/", "/ws/", "/oidc/", "/accounts/sign-")


class AuthorizationRequest(OIDCAuthenticationRequestView):  # type: ignore[misc]  # the library has no types
    """mozilla-django-oidc's request, with the provider's own addresses and ours."""

    def __init__(self) -> None:
        self.OIDC_OP_AUTH_ENDPOINT = provider.endpoints().authorization
        self.OIDC_RP_CLIENT_ID = settings.AUTHENTIK_CLIENT_ID

    @staticmethod
    def get_settings(attr: str, *default: object) -> object:
        ours = {
            "OIDC_AUTHENTICATION_CALLBACK_URL": CALLBACK,
            "OIDC_RP_SCOPES": settings.AUTHENTIK_SCOPES,
            "OIDC_USE_PKCE": True,
        }
        return ours.get(attr, *default)

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        return {"redirect_uri": redirect_uri()}


@login_not_required
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """To the provider. A POST, so that no link can begin it and no crawler fills the sessions."""
    after = page_after_sign_in(request)
    if request.user.is_authenticated:
        return redirect(after or settings.LOGIN_REDIRECT_URL)
    return redirect_to_provider(request, after)


@sensitive_post_parameters("password")
@require_POST
def link(request: MemberRequest) -> HttpResponse:
    """To the provider, to have it open the account of whoever is signed in."""
    form = LinkForm(request, request.POST)
    if not form.is_valid():
        return profile_page(request, status=422, link_form=form)
    return redirect_to_provider(request, after="", link_to=request.user.pk)


def redirect_to_provider(request: HttpRequest, after: str, link_to: int | None = None) -> HttpResponse:
    if not rate_limits.passes(f"oidc:{request.META.get('REMOTE_ADDR', '')}", STARTS_PER_MINUTE):
        return refuse(request, SignInRefused("too_many_attempts", "Too many sign-ins were begun from this address."))
    try:
        response: HttpResponse = AuthorizationRequest().get(request)
    except SignInRefused as refused:
        return refuse(request, refused, after=after)
    state = next(reversed(request.session["oidc_states"]))
    auth_state.store(request, state, after=after, link_to=link_to)
    return response


def page_after_sign_in(request: HttpRequest) -> str:
    """The page to go to after signing in; a door for programs or out again is none."""
    after = safe_next(request)
    return "" if after.startswith(NEVER_RETURNED_TO) else after


@login_not_required
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Back from the provider. What does not belong to a sign-in begun in this browser changes nothing."""
    pending = auth_state.take(request, request.GET.get("state", ""))
    if pending is None:
        if request.user.is_authenticated:
            return redirect(settings.LOGIN_REDIRECT_URL)
        return refuse(request, SignInRefused("state_unknown", "The state is unknown, used or another browser's."))
    exchange = Exchange()
    try:
        check(request, pending)
        claims = exchange.run(request, nonce=pending.nonce, code_verifier=pending.code_verifier)
        if pending.link_to:
            return finish_link(request, pending, claims)
        user = provision.provision(claims)
    except SignInRefused as refused:
        return refuse(request, refused, after=pending.after, claims=exchange.claims)
    return finish_sign_in(request, user, pending, exchange)


def check(request: HttpRequest, pending: PendingSignIn) -> None:
    """Raise SignInRefused when it came back too late, or without a code."""
    if pending.is_too_old:
        raise SignInRefused("state_expired", "The provider sent them back after more than ten minutes.")
    if error := request.GET.get("error"):
        code = error if error in PROVIDER_SAYS else "provider_error"
        raise SignInRefused(code, "The provider refused, by the word it gave.")
    if not request.GET.get("code"):
        raise SignInRefused("provider_error", "The provider sent no code.")


def finish_sign_in(request: HttpRequest, user: User, pending: PendingSignIn, exchange: Exchange) -> HttpResponse:
    claims = exchange.claims
    engine.start_session(request, user, BACKEND)
    request.session["oidc"] = {
        "issuer": settings.AUTHENTIK_ISSUER,
        "sub": claims["sub"],
        "sid": str(claims.get("sid", "")),
    }
    request.session["oidc_id_token"] = exchange.id_token
    sign_in_log.record(request, sign_in_log.OK, user=user, claims=claims)
    return with_language(user, redirect(pending.after or settings.LOGIN_REDIRECT_URL))


def finish_link(request: HttpRequest, pending: PendingSignIn, claims: dict[str, Any]) -> HttpResponse:
    """Back from the provider for somebody who is signed in here and wants to come in that way as well."""
    person = user_of(request)
    if person.pk != pending.link_to:
        raise SignInRefused("state_unknown", "Somebody else is signed in by now.")
    provision.link(person, claims)
    sign_in_log.record(request, sign_in_log.LINKED, user=person, claims=claims)
    messages.success(request, _("You can sign in with Authentik now."))
    return redirect("accounts:profile")


def refuse(
    request: HttpRequest, refused: SignInRefused, *, after: str = "", claims: dict[str, Any] | None = None
) -> HttpResponse:
    """To the sign-in page, with the reason. Whoever is signed in stays it."""
    sign_in_log.record(request, refused.code, detail=refused.detail, claims=claims)
    if request.user.is_authenticated:
        messages.error(request, str(errors.refusal_for(refused.code).title))
        return redirect("accounts:profile")
    return redirect(errors.address_of(refused.code, after=after))
