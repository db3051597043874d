"""A person's tokens for programs, on their own page."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.forms import TokenForm
from apps.accounts.request_types import MemberRequest
from apps.accounts.tokens import tokens
from apps.accounts.users.views import profile_page


@require_POST
def create_token(request: MemberRequest) -> HttpResponse:
    """Answers with the page itself, not a redirect: the token's text is nowhere kept to be shown later."""
    form = TokenForm(request.POST, user=request.user)
    if not form.is_valid():
        return profile_page(request, status=422, token_form=form)
    token, text = tokens.issue(request.user, **form.chosen(), by=request.user)
    return profile_page(request, status=201, fresh_token=token, fresh_text=text)


@require_POST
def revoke_token(request: MemberRequest, pk: int) -> HttpResponse:
    tokens.revoke(get_object_or_404(request.user.tokens, pk=pk), by=request.user)
    messages.success(request, _("The token is revoked."))
    return redirect("accounts:profile")
