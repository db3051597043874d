"""Whose request it is, and what somebody meets who must sign in first."""

from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware, LoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.login import errors
from apps.accounts.models import User
from apps.accounts.sessions import engine
from apps.rest.problems import refusal_response


class LoginSessionMiddleware(SessionMiddleware):
    """Tells the session where it is used from, and that it was."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        engine.session_of(request).visitor = engine.Visitor.of(request)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if response.status_code == 401:  # for a script: the page that comes next has to know that a session ended
            return response
        match = request.resolver_match
        if match and getattr(match.func, engine.COUNTS_AS_USE, True):
            engine.session_of(request).note_use()
        return super().process_response(request, response)


class PersonMiddleware(AuthenticationMiddleware):
    """`request.user` as the session brought them, without a statement of their own."""

    def process_request(self, request: HttpRequest) -> None:
        person = SimpleLazyObject(lambda: engine.person_of(engine.session_of(request)))
        request.user = cast("User | AnonymousUser", person)


class AuditMiddleware:
    """What is recorded during a request says where that came from, whichever verb records it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with audit.of_request(request):
            return self.get_response(request)


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Sends people to the sign-in page, and tells a script where it is: 401, with HX-Redirect for htmx."""

    def handle_no_permission(  # type: ignore[override]  # Django's own only redirects
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponse:
        code = "session_ended" if settings.SESSION_COOKIE_NAME in request.COOKIES else ""
        sign_in = errors.address_of(code, after=page_of(request))
        if not is_by_script(request):
            return redirect(sign_in)
        sentence = _("This was not done: you have to sign in first.")
        response = refusal_response(401, sentence, "signed_out", sign_in=sign_in)
        response.headers["HX-Redirect"] = sign_in
        return response


def is_by_script(request: HttpRequest) -> bool:
    """Whether the answer goes to htmx or a fetch, and not into the address bar."""
    return (
        "HX-Request" in request.headers
        or request.headers.get("Sec-Fetch-Dest") == "empty"
        or request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    )


def page_of(request: HttpRequest) -> str:
    """The path of the page somebody is at, to come back to: for a fragment or a form, the one it is on."""
    if request.method == "GET" and not is_by_script(request):
        return request.get_full_path()
    page = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer", ""))
    if (page.scheme, page.netloc) != (request.scheme, request.get_host()):
        return ""
    return page._replace(scheme="", netloc="", fragment="").geturl()
