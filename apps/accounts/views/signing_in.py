"""The one door in, and the way out."""

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import ngettext
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.forms import SignInForm
from apps.accounts.language import speaking
from apps.accounts.requests import MemberRequest


@login_not_required
@ensure_csrf_cookie
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    after = safe_next(request)
    if request.user.is_authenticated:
        return redirect(after or settings.LOGIN_REDIRECT_URL)
    form = SignInForm(request, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        login(request, form.get_user())
        return speaking(form.get_user(), redirect(after or settings.LOGIN_REDIRECT_URL))
    context = {"form": form, "next": after}
    return render(request, "accounts/sign_in.html", context, status=422 if form.is_bound else 200)


def safe_next(request: HttpRequest) -> str:
    """The path to go to after signing in, if it is one of ours; "" for anything else."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    is_path = asked.startswith("/") and asked.isprintable() and "\\" not in asked
    return asked if is_path and url_has_allowed_host_and_scheme(asked, allowed_hosts=None) else ""


def locked_out(request: HttpRequest, *_details: object) -> HttpResponse:
    """The answer after too many failed sign-ins of one account or from one address (axes)."""
    form = SignInForm(request)
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    sentence = ngettext(
        "Too many failed sign-ins. Please try again in {minutes} minute.",
        "Too many failed sign-ins. Please try again in {minutes} minutes.",
        minutes,
    ).format(minutes=minutes)
    context = {"form": form, "next": safe_next(request), "sentence": sentence}
    response = render(request, "accounts/sign_in.html", context, status=429)
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
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)
