"""What must be right about the settings before anybody can sign in."""

from django.conf import settings
from django.core.checks import CheckMessage, Error


def a_way_in(**_: object) -> list[CheckMessage]:
    if settings.LOCAL_SIGN_IN or settings.AUTHENTIK_CLIENT_ID:
        return []
    return [
        Error(
            "LOCAL_SIGN_IN is off and Authentik is not configured: only superusers could sign in.",
            hint="Set up Authentik (AUTHENTIK_CLIENT_ID and what belongs to it), or leave LOCAL_SIGN_IN on.",
            id="accounts.E001",
        )
    ]
