"""Where a person is signed in, on their own page, and signing out there."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.request_types import MemberRequest
from apps.accounts.sessions import revoke


@require_POST
def end_session(request: MemberRequest, pk: UUID) -> HttpResponse:
    session = get_object_or_404(request.user.sessions.alive(), public_id=pk)
    revoke.end_session(session, by=request.user)
    messages.success(request, _("Signed out there: {device}.").format(device=session.device_in_words))
    return redirect("accounts:profile")


@require_POST
def end_other_sessions(request: MemberRequest) -> HttpResponse:
    revoke.end_all_sessions(request.user, by=request.user, except_key=request.session.session_key)
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("accounts:profile")
