"""A form from a page that is out of date, or at another address: CSRF_FAILURE_VIEW."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from apps.accounts import audit, wrong_origin
from apps.accounts.login.views import safe_next
from apps.accounts.middleware import is_by_script
from apps.rest.problems import refusal_response

WAYS_IN = ("accounts:sign-in", "oidc:start")


def refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 with what to do; but who is in already, by another window, simply gets in."""
    match = request.resolver_match
    if match and match.view_name in WAYS_IN and request.user.is_authenticated:
        return redirect(safe_next(request) or settings.LOGIN_REDIRECT_URL)
    if wrong_origin.is_cause(reason):
        code, sentence = wrong_origin.CODE, wrong_origin.tell(request)
    else:
        code, sentence = "stale_page", _("This page is from before you signed in or out. Open it again, then it works.")
    audit.denied(request, code)
    if is_by_script(request):
        return refusal_response(403, sentence, code)
    return render(request, "refusal.html", {"refusal": {"message": sentence}}, status=403)
