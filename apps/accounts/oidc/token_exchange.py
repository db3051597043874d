"""A code for an ID token, and that for what is known about somebody."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from apps.accounts.oidc import id_tokens, provider
from apps.accounts.oidc.errors import SignInRefused
from apps.accounts.oidc.http import ask, within

PATIENCE = 9.0  # seconds for all that a sign-in asks of the provider
CALLBACK = "oidc:callback"


def redirect_uri() -> str:
    """Where the provider sends people back to: by the public address, whatever Host a request names."""
    return f"{settings.PUBLIC_URL}{reverse(CALLBACK)}"


class Exchange(OIDCAuthenticationBackend):  # type: ignore[misc]  # the library has no types
    """mozilla-django-oidc's exchange with our checks, by our client. It is no backend of Django's:

    a password form with ?code= can't reach it. `claims` and `id_token` are what it brought.
    """

    def __init__(self) -> None:
        self.OIDC_RP_CLIENT_ID = settings.AUTHENTIK_CLIENT_ID
        self.OIDC_RP_CLIENT_SECRET = settings.AUTHENTIK_CLIENT_SECRET
        self.claims: dict[str, Any] = {}
        self.id_token = ""  # nosec B105 - none yet

    @staticmethod
    def get_settings(attr: str, *default: object) -> object:
        return CALLBACK if attr == "OIDC_AUTHENTICATION_CALLBACK_URL" else default[0]

    def run(self, request: HttpRequest, *, nonce: str, code_verifier: str) -> dict[str, Any]:
        """The verified claims of whoever came back with the code. Raises SignInRefused."""
        with within(PATIENCE):
            self.authenticate(request, nonce=nonce, code_verifier=code_verifier)
        return self.claims

    def get_token(self, payload: dict[str, Any]) -> dict[str, Any]:
        answer, _date = ask(provider.endpoints().token, form=payload | {"redirect_uri": redirect_uri()})
        return answer

    def verify_token(self, token: object, **kwargs: str) -> dict[str, Any]:
        return id_tokens.verify(token, nonce=kwargs["nonce"])

    def store_tokens(self, access_token: object, id_token: str) -> None:
        self.id_token = id_token

    def get_or_create_user(self, access_token: object, id_token: str, payload: dict[str, Any]) -> None:
        """Userinfo completes the ID token, which a provider may keep short; it must be about the same person."""
        if not isinstance(access_token, str) or not access_token:
            raise SignInRefused("token_invalid", "There is no access token.")
        told, _date = ask(provider.endpoints().userinfo, bearer=access_token)
        if told.get("sub") != payload["sub"]:
            raise SignInRefused("token_invalid", "Userinfo is about somebody else (sub).")
        self.claims = told | payload  # what is signed wins
