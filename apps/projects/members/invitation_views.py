"""Invitation links: made and revoked by who manages a project, opened by anybody who has one."""

from contextlib import suppress

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import audit
from apps.accounts.forms import RegistrationForm
from apps.accounts.login import errors
from apps.accounts.oidc import provider
from apps.accounts.request_types import MemberRequest
from apps.accounts.sessions import engine
from apps.accounts.users import username_lock
from apps.errors import Refused
from apps.projects import permissions
from apps.projects.forms import InvitationForm
from apps.projects.members import invitations, memberships
from apps.projects.members.views import members_page
from apps.projects.models import Invitation
from apps.projects.permissions import Action

BACKEND = "apps.accounts.login.backends.PeopleBackend"


@require_POST
def create(request: MemberRequest, key: str) -> HttpResponse:
    """Answers with the page itself, not a redirect: the link is nowhere kept to be shown later."""
    project = permissions.project_for(request.user, key, Action.MANAGE)
    form = InvitationForm(request.POST, own_role=project.role)
    if not form.is_valid():
        return members_page(request, project, status=422, invitation_form=form)
    try:
        _invitation, link = invitations.create(project, role=form.cleaned_data["role"], by=request.user)
    except Refused as refusal:
        return members_page(request, project, status=refusal.page_status, refusal=refusal.message)
    return members_page(request, project, fresh_link=link)


@require_POST
def revoke(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project = permissions.project_for(request.user, key, Action.MANAGE)
    try:
        invitations.revoke(get_object_or_404(project.invitations, pk=pk), by=request.user)
    except Refused as refusal:
        return members_page(request, project, status=refusal.page_status, refusal=refusal.message)
    return redirect("projects:members", project.key)


@login_not_required
@ensure_csrf_cookie
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """What somebody is invited to; POST accepts it, with a new account unless they are signed in."""
    invitation = invitations.find(token)
    if invitation is None:
        audit.refused("invitation.refused", by=None, request=request, code="unknown")
        return refusal_page(request, _("There is no such invitation. Is the whole link there?"), status=404)
    if invitation.project.memberships.filter(user=request.user.pk).exists():
        return redirect("tasks:board", invitation.project.key)
    try:
        invitations.require_open(invitation)
        return join_page(request, invitation) if request.method == "GET" else accepted(request, invitation)
    except invitations.InvitationClosed as refusal:
        by = request.user if request.user.is_authenticated else None
        facts = {"invitation": invitation.pk, "project_id": invitation.project_id}
        audit.refused("invitation.refused", by=by, request=request, code="closed", **facts)
        return refusal_page(request, str(refusal.message), status=refusal.page_status, invitation=invitation)


def accepted(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Come in, and go to the project's board."""
    board = redirect("tasks:board", invitation.project.key)
    if request.user.is_authenticated:
        with suppress(memberships.AlreadyAMember):  # in another window, a moment ago
            invitations.accept(invitation, by=request.user)
        return board
    if not may_register():
        return redirect(errors.address_of("", after=request.path))
    form = RegistrationForm(request.POST)
    if not form.is_valid():
        return join_page(request, invitation, form, status=422)
    try:
        person = invitations.register(invitation, **form.cleaned_data)
    except username_lock.UsernameTaken as refusal:
        form.add_error("username", str(refusal.message))
        return join_page(request, invitation, form, status=422)
    engine.start_session(request, person, BACKEND)
    return board


def may_register() -> bool:
    """Whether people have accounts of their own here; those of Authentik come from there."""
    return settings.LOCAL_SIGN_IN and not provider.is_configured()


def join_page(
    request: HttpRequest, invitation: Invitation, form: RegistrationForm | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "invitation": invitation,
        "form": (form or RegistrationForm()) if may_register() else None,
        "rights": [action.label for action in Action if permissions.role_may(invitation.role, action)],
    }
    return render(request, "projects/members/join.html", context, status=status)


def refusal_page(
    request: HttpRequest, sentence: str, *, status: int, invitation: Invitation | None = None
) -> HttpResponse:
    context = {"refusal": sentence, "invitation": invitation}
    return render(request, "projects/members/join.html", context, status=status)
