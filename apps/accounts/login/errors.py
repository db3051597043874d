"""Why somebody is back at the sign-in page: a code in the address, a sentence and what to do on the page.

Only these texts are shown, never what the provider said: the address is anybody's to write.
"""

from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.lazy_text import LazyText


class Refusal(NamedTuple):
    """What happened, and who does what next. A notice is no trouble."""

    title: LazyText
    text: LazyText
    is_notice: bool = False


REFUSALS = {
    "provider_unavailable": Refusal(
        _("Authentik does not answer."),
        _("Please try again in a minute. If it stays like this, tell whoever runs Authentik."),
    ),
    "provider_slow": Refusal(
        _("Authentik took too long to answer."),
        _("Please try again in a minute."),
    ),
    "access_denied": Refusal(
        _("Authentik did not let you in."),
        _("You stopped there, or may not use Team Board. Whoever runs Authentik can give you access."),
    ),
    "login_required": Refusal(
        _("You are not signed in to Authentik."),
        _("Continue with Authentik and sign in there."),
    ),
    "provider_error": Refusal(
        _("Authentik could not sign you in."),
        _("Please try again. If it happens again, ask an administrator to look into the log."),
    ),
    "state_unknown": Refusal(
        _("That sign-in was begun too long ago, or in another window."),
        _("Please start again here."),
    ),
    "state_expired": Refusal(
        _("That sign-in took too long."),
        _("Please start again and finish it within ten minutes."),
    ),
    "token_invalid": Refusal(
        _("Something about Authentik’s answer could not be trusted."),
        _("Please try again. If it happens again, ask an administrator to look into the log."),
    ),
    "algorithm": Refusal(
        _("Authentik signs its answers in a way that Team Board does not accept."),
        _("An administrator has to choose a signing key for the provider in Authentik."),
    ),
    "clock": Refusal(
        _("The clocks of Authentik and Team Board disagree."),
        _("An administrator has to set them right. Then sign in again."),
    ),
    "groups_missing_claim": Refusal(
        _("Authentik did not say which groups you are in."),
        _("An administrator has to add the scope with the groups to the provider in Authentik. Then sign in again."),
    ),
    "group_required": Refusal(
        _("You are not in the group that may use Team Board."),
        _("Ask an administrator to add you to it in Authentik. Then sign in again."),
    ),
    "account_closed": Refusal(
        _("Your account in Team Board is closed."),
        _("An administrator can open it again."),
    ),
    "not_known": Refusal(
        _("There is no account for you here yet."),
        _("Ask an administrator to make one and link it to Authentik."),
    ),
    "already_linked": Refusal(
        _("Authentik leads to another account here."),
        _("Ask an administrator which of the two is to stay."),
    ),
    "too_many_attempts": Refusal(
        _("Too many attempts to sign in."),
        _("Please wait a few minutes and try again."),
    ),
    "signed_out": Refusal(
        _("You are signed out."),
        _("See you soon."),
        is_notice=True,
    ),
    "session_ended": Refusal(
        _("Your session has ended."),
        _("Sign in again, and you are back where you were."),
        is_notice=True,
    ),
    "misconfigured": Refusal(
        _("Signing in with Authentik is not set up right."),
        _("An administrator finds out why with “manage.py doctor oidc”."),
    ),
    "passwords_off": Refusal(
        _("Signing in with a password is switched off here."),
        _("Continue with Authentik instead."),
    ),
}
UNKNOWN = Refusal(
    _("You could not be signed in."),
    _("Please try again. If it happens again, tell an administrator."),
)


def refusal_for(code: str) -> Refusal:
    return REFUSALS.get(code, UNKNOWN)


def address_of(code: str, *, after: str = "") -> str:
    """The sign-in page, with the refusal `code` on it if there is one, leading to the path `after` when it works."""
    asked = {name: value for name, value in (("refusal", code), ("next", after)) if value}
    return f"{reverse('accounts:sign-in')}?{urlencode(asked, safe='/')}" if asked else reverse("accounts:sign-in")
