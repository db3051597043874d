"""A person's own page: preferences, sessions, password, tokens."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from apps.accounts import audit, rate_limits
from apps.accounts.forms import AvatarForm, LinkForm, PasswordForm, PreferencesForm, TokenForm
from apps.accounts.models import ApiToken, User
from apps.accounts.oidc import provider
from apps.accounts.request_types import MemberRequest
from apps.accounts.users import avatars
from apps.accounts.users.language import with_language

UPLOADS_PER_MINUTE = 30  # a person


@require_GET
def profile(request: MemberRequest) -> HttpResponse:
    return profile_page(request)


def profile_page(request: MemberRequest, status: int = 200, **forms: object) -> HttpResponse:
    """The page with fresh forms, but for those given (which carry errors, or a token to show once)."""
    context = {
        "preferences_form": PreferencesForm(instance=request.user),
        "avatar_form": AvatarForm(instance=request.user),
        "password_form": PasswordForm(request),
        "token_form": TokenForm(user=request.user),
        "identities": request.user.identities.all(),
        "link_form": LinkForm(request) if provider.is_configured() else None,
        "sessions": request.user.sessions.alive().with_here(request.session.session_key),
        "tokens": tokens_of(request.user),
    }
    return render(request, "accounts/users/profile.html", context | forms, status=status)


def tokens_of(person: User) -> list[ApiToken]:
    """The tokens not revoked, each with the `projects` by name that it is for (of those the person is still in)."""
    names = dict(person.projects.order_by("name").values_list("pk", "name"))
    tokens = list(person.tokens.filter(revoked_at=None))
    for token in tokens:
        token.projects = [name for pk, name in names.items() if pk in (token.only_projects or ())]
    return tokens


@require_POST
def preferences(request: MemberRequest) -> HttpResponse:
    person = User.objects.get(pk=request.user.pk)  # the form writes into it, even what it then refuses
    form = PreferencesForm(request.POST, instance=person)
    if not form.is_valid():
        return profile_page(request, status=422, preferences_form=form)
    form.save()
    messages.success(request, _("Saved."))
    return with_language(person, redirect("accounts:profile"))


@require_POST
def avatar(request: MemberRequest) -> HttpResponse:
    if request.FILES and not rate_limits.passes(f"uploads:{request.user.pk}", UPLOADS_PER_MINUTE):
        return too_many_uploads(request)
    person = User.objects.get(pk=request.user.pk)
    form = AvatarForm(request.POST, request.FILES, instance=person)
    if not form.is_valid():
        return profile_page(request, status=422, avatar_form=form)
    avatars.change(person, hue=form.cleaned_data["hue"], content=form.cleaned_data["file"])
    messages.success(request, _("Saved."))
    return redirect("accounts:profile")


def too_many_uploads(request: MemberRequest) -> HttpResponse:
    sentence = _("You have uploaded very many pictures. Please wait a minute before the next one.")
    response = render(request, "refusal.html", {"refusal": {"message": sentence}}, status=429)
    response.headers["Retry-After"] = str(int(rate_limits.seconds_left()) + 1)
    return response


@require_POST
def remove_avatar(request: MemberRequest) -> HttpResponse:
    avatars.remove(request.user)
    messages.success(request, _("Your picture is removed."))
    return redirect("accounts:profile")


@sensitive_post_parameters()
@require_POST
def password(request: MemberRequest) -> HttpResponse:
    form = PasswordForm(request, request.POST)
    if not form.is_valid():
        return profile_page(request, status=422, password_form=form)
    with transaction.atomic():  # all their sessions end; this one is kept, under a new key
        update_session_auth_hash(request, form.save())
        audit.record("password.changed", by=request.user)
    messages.success(request, _("Your password is changed."))
    return redirect("accounts:profile")
