"""The provider in a thread, our settings for it, and somebody who walks from the one to the other and back."""

from collections.abc import Iterator

import httpx
import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from apps.accounts.oidc import jwks
from apps.accounts.oidc import provider as known_provider
from teamboard.observability.log_format import FactsFormatter
from tests.authentik import urls
from tests.authentik.provider import HERE, SECRET, Provider


@pytest.fixture(scope="session")
def running() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture
def provider(running: Provider, settings, db) -> Provider:
    """As it was at first, and configured here."""
    running.reset()
    settings.ROOT_URLCONF = urls.__name__
    settings.PUBLIC_URL = HERE
    settings.AUTHENTIK_ISSUER = running.issuer
    settings.AUTHENTIK_CLIENT_ID = "teamboard"
    settings.AUTHENTIK_CLIENT_SECRET = SECRET
    known_provider.forget()
    jwks.forget()
    cache.clear()
    return running


class Person:
    """Somebody's browser, with a session here and one at the provider."""

    def __init__(self, provider: Provider, username: str) -> None:
        self.provider, self.username = provider, username
        self.client = Client()
        self.there = httpx.Client()

    def start(self, after: str = "") -> str:
        """Where our button sends them."""
        response = self.client.post(reverse("oidc:start"), {"next": after})
        assert response.status_code == 302
        return response.url

    def pass_through(self, url: str) -> str:
        """What the provider makes of them: the path they come back to here."""
        return self.provider.let_in(self.there, url, self.username)

    def sign_in(self, after: str = ""):
        url = self.start(after)
        return self.client.get(self.pass_through(url)) if url.startswith(self.provider.url) else self.client.get(url)

    @property
    def user_id(self) -> str | None:
        return self.client.session.get("_auth_user_id")


@pytest.fixture
def log_lines(caplog):
    """All that was logged so far, as it is written."""
    return lambda: "\n".join(map(FactsFormatter().format, caplog.records))


@pytest.fixture
def person(provider: Provider):
    """A maker of people by username: person("max").sign_in()."""
    return lambda username="max": Person(provider, username)
