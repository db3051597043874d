"""Signing in and out, and a person's own page: preferences, password, tokens."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts import tokens
from apps.accounts.forms import PasswordForm, PreferencesForm, SignInForm, TokenForm
from apps.accounts.models import User


class MemberRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User


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


@require_GET
def profile(request: MemberRequest) -> HttpResponse:
    return profile_page(request)


def profile_page(request: MemberRequest, status: int = 200, **forms: object) -> HttpResponse:
    """The page with fresh forms, but for those given (which carry errors, or a token to show once)."""
    context = {
        "preferences_form": PreferencesForm(instance=request.user),
        "password_form": PasswordForm(request.user),
        "token_form": TokenForm(user=request.user),
        "tokens": request.user.tokens.filter(revoked_at=None),
    }
    return render(request, "accounts/profile.html", context | forms, status=status)


@require_POST
def preferences(request: MemberRequest) -> HttpResponse:
    person = User.objects.get(pk=request.user.pk)  # the form writes into it, even what it then refuses
    form = PreferencesForm(request.POST, instance=person)
    if not form.is_valid():
        return profile_page(request, status=422, preferences_form=form)
    form.save()
    messages.success(request, _("Saved."))
    return speaking(person, redirect("accounts:profile"))


def speaking(person: User, response: HttpResponse) -> HttpResponse:
    """Have this browser keep the person's language; without one it asks for its own again."""
    if person.language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            person.language,
            max_age=31_536_000,
            secure=settings.IS_HTTPS,
            samesite="Lax",
            httponly=True,
        )
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    return response


@sensitive_post_parameters()
@require_POST
def password(request: MemberRequest) -> HttpResponse:
    form = PasswordForm(request.user, request.POST)
    if not form.is_valid():
        return profile_page(request, status=422, password_form=form)
    update_session_auth_hash(request, form.save())  # every other session of theirs ends
    messages.success(request, _("Your password is changed."))
    return redirect("accounts:profile")


@require_POST
def create_token(request: MemberRequest) -> HttpResponse:
    """Answers with the page itself, not a redirect: the token's text is nowhere kept to be shown later."""
    form = TokenForm(request.POST, user=request.user)
    if not form.is_valid():
        return profile_page(request, status=422, token_form=form)
    token, text = form.issue()
    return profile_page(request, status=201, fresh_token=token, fresh_text=text)


@require_POST
def revoke_token(request: MemberRequest, pk: int) -> HttpResponse:
    tokens.revoke(get_object_or_404(request.user.tokens, pk=pk))
    messages.success(request, _("The token is revoked."))
    return redirect("accounts:profile")
