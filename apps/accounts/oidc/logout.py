"""Signing out at the provider as well (OpenID Connect RP-Initiated Logout)."""

from urllib.parse import urlencode

from django.conf import settings

from apps.accounts.oidc import provider
from apps.accounts.oidc.errors import SignInRefused
from apps.accounts.sessions.engine import SessionStore

LONGEST_URL = 2000  # what every browser and proxy carries


def url_after(session: SessionStore) -> str:
    """Where a browser goes whose `session` (still as it was) ends; "" when the provider has no part in it."""
    if "oidc" not in session or not provider.is_configured():
        return ""
    try:
        end_session = provider.endpoints().end_session
    except SignInRefused:
        return ""
    if not end_session:
        return ""
    asked = {"post_logout_redirect_uri": f"{settings.PUBLIC_URL}/", "client_id": settings.AUTHENTIK_CLIENT_ID}
    hinted = f"{end_session}?{urlencode(asked | {'id_token_hint': session.get('oidc_id_token', '')})}"
    return hinted if len(hinted) <= LONGEST_URL else f"{end_session}?{urlencode(asked)}"
