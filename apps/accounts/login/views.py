"""The doors in, and the way out."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import ResolverMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.forms import BreakGlassForm, SignInForm
from apps.accounts.login import errors
from apps.accounts.login.errors import Refusal
from apps.accounts.oidc import logout as provider_logout
from apps.accounts.oidc import provider
from apps.accounts.request_types import MemberRequest
from apps.accounts.sessions import engine
from apps.accounts.sessions.engine import session_of
from apps.accounts.users.language import with_language

BREAK_GLASS = "accounts:break-glass"


@login_not_required
@ensure_csrf_cookie
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The page for everybody; `?refusal=code` says why somebody is back at it."""
    if request.method == "POST" and not settings.LOCAL_SIGN_IN:
        return sign_in_page(request, refusal=errors.refusal_for("passwords_off"), status=403)
    return with_password(request, SignInForm)


@login_not_required
@ensure_csrf_cookie
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def break_glass(request: HttpRequest) -> HttpResponse:
    """With LOCAL_SIGN_IN off, the door that stays for superusers, should Authentik fail."""
    if settings.LOCAL_SIGN_IN:
        return redirect("accounts:sign-in")
    return with_password(request, BreakGlassForm)


def with_password(request: HttpRequest, form_class: type[SignInForm]) -> HttpResponse:
    after = safe_next(request)
    if request.user.is_authenticated:
        return redirect(after or settings.LOGIN_REDIRECT_URL)
    form = form_class(request, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        engine.start_session(request, form.get_user())
        return with_language(form.get_user(), redirect(after or settings.LOGIN_REDIRECT_URL))
    code = request.GET.get("refusal")
    refusal = errors.refusal_for(code) if code and not form.is_bound else None
    return sign_in_page(request, form, refusal=refusal, status=422 if form.is_bound else 200)


def sign_in_page(
    request: HttpRequest, form: SignInForm | None = None, *, refusal: Refusal | None, status: int
) -> HttpResponse:
    """The page, with the password form where one may be used; unfolded when it has something to say."""
    is_break_glass = cast(ResolverMatch, request.resolver_match).view_name == BREAK_GLASS
    context = {
        "form": form or SignInForm(request),
        "next": safe_next(request),
        "refusal": refusal,
        "authentik": {"is_available": provider.is_available()} if provider.is_configured() else None,
        "is_break_glass": is_break_glass,
        "has_form": settings.LOCAL_SIGN_IN or is_break_glass,
    }
    return render(request, "accounts/login/sign_in.html", context, status=status)


def safe_next(request: HttpRequest) -> str:
    """The path to go to after signing in, if it is one of ours; "" for anything else."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    is_path = asked.startswith("/") and asked.isprintable() and "\\" not in asked
    return asked if is_path and url_has_allowed_host_and_scheme(asked, allowed_hosts=None) else ""


def locked_out(request: HttpRequest, *_details: object) -> HttpResponse:
    """The answer after too many wrong passwords of one account or from one address (axes).

    Somebody who is signed in guessed at the one they want to change.
    """
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    text = ngettext("Please try again in {minutes} minute.", "Please try again in {minutes} minutes.", minutes)
    title, text = _("Too many failed sign-ins."), text.format(minutes=minutes)
    if request.user.is_authenticated:
        response = render(request, "refusal.html", {"refusal": {"message": f"{title} {text}"}}, status=429)
    else:
        response = sign_in_page(request, refusal=Refusal(title, text), status=429)
    response.headers["Retry-After"] = str(minutes * 60)
    return response


@login_not_required
@require_GET
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Django's admin sends people here: signing in is at one door, with its limits."""
    if request.user.is_authenticated:  # and sent here all the same: not for them
        raise Http404
    return redirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': reverse('admin:index')})}")


@require_POST
def sign_out(request: MemberRequest) -> HttpResponse:
    """Here first, whatever the provider does; then there, for those who came from it."""
    elsewhere = provider_logout.url_after(session_of(request))
    logout(request)
    if not elsewhere:
        return redirect(errors.address_of("signed_out"))
    messages.success(request, errors.refusal_for("signed_out").title)  # for when they are sent back
    return redirect(elsewhere)
