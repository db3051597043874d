"""The way in and out with a provider by other hands than ours: the certified library oidc-provider."""

import html
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from apps.accounts.models import Identity, SignInAttempt
from apps.accounts.oidc import jwks
from apps.accounts.oidc import provider as known_provider
from tests.authentik.provider import SECRET

PEOPLE = Path(__file__).parents[1] / "authentik" / "config.json"
INSTALLED = Path(os.environ["CERTIFIED_INSTALL"])
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("L45")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def issuer(live_server, settings) -> Iterator[str]:
    port = free_port()
    known = {"OP_PORT": str(port), "OP_RP_URL": live_server.url, "OP_CONFIG": str(PEOPLE)}
    command = ["node", str(INSTALLED / "certified-op.mjs")]
    with subprocess.Popen(command, env=os.environ | known, stdout=subprocess.PIPE, text=True) as provider:
        assert any(line.startswith("ready ") for line in provider.stdout), "The provider did not start."
        settings.ROOT_URLCONF = "tests.authentik.urls"
        settings.PUBLIC_URL = live_server.url
        settings.AUTHENTIK_ISSUER = f"http://127.0.0.1:{port}/application/o/teamboard/"
        settings.AUTHENTIK_CLIENT_ID, settings.AUTHENTIK_CLIENT_SECRET = "teamboard", SECRET
        known_provider.forget()
        jwks.forget()
        yield settings.AUTHENTIK_ISSUER
        provider.terminate()


class Browser(httpx.Client):
    """Follows redirects, and sends the forms it is shown."""

    def __init__(self, home: str) -> None:
        super().__init__(base_url=home, follow_redirects=True)

    def send_form(self, page: httpx.Response, to: str, **filled: str) -> httpx.Response:
        """The form of `page` whose action contains `to`, with its hidden fields."""
        for form in re.findall(r"<form.*?</form>", page.text, re.DOTALL):
            action = html.unescape(re.search(r'action="([^"]+)"', form)[1])
            if to in action:
                hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
                headers = {"Referer": str(page.url)}
                return self.post(page.url.join(action), data=dict(hidden) | filled, headers=headers)
        raise AssertionError(f"No form to {to} in {page.url}:\n{page.text}")

    def sign_in(self, username: str) -> httpx.Response:
        form = self.send_form(self.get("/projects/"), "/oidc/start/")
        return self.send_form(form, "/interaction/", uidField=username, password=f"{username}-password")

    def is_in(self) -> bool:
        return self.get("/projects/").url.path == "/projects/"


@pytest.fixture
def browsers(issuer, live_server) -> Iterator[list[Browser]]:
    browsers = [Browser(live_server.url), Browser(live_server.url)]
    yield browsers
    for browser in browsers:
        browser.close()


def test_in_and_out_here(browsers, issuer):
    browser, _other = browsers
    page = browser.sign_in("max")
    assert page.url.path == "/projects/", page.text
    assert Identity.objects.get().issuer == issuer
    question = browser.send_form(page, "/accounts/sign-out/")
    assert str(question.url).startswith(f"{issuer}end-session/")
    assert not browser.is_in()
    landed = browser.send_form(question, "/end-session/confirm", logout="yes")
    assert landed.url.path == "/accounts/sign-in/"
    assert not browser.is_in()


def test_out_there_ends_that_session_here_and_no_other(browsers, issuer):
    here, other = browsers
    here.sign_in("max")
    other.sign_in("max")
    question = here.get(f"{issuer}end-session/", params={"client_id": "teamboard"})
    here.send_form(question, "/end-session/confirm", logout="yes")
    assert not here.is_in()
    assert other.is_in()


def test_a_guest_is_refused(browsers):
    guest, _other = browsers
    page = guest.sign_in("guest")
    assert page.url.path == "/accounts/sign-in/"
    assert SignInAttempt.objects.get().outcome == "group_required"
    assert not guest.is_in()
