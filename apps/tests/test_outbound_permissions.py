"""One permission for each purpose: what opens a private address to one of them opens it to no other."""

import asyncio
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from apps import outbound
from apps.accounts.oidc import http as oidc_http
from apps.accounts.oidc.errors import SignInRefused
from apps.agents.gateways.openclaw_client import OpenClawClient
from apps.agents.models import Gateway
from apps.chat.link_previews import previews
from apps.projects.git.mirror.errors import GitFailed
from apps.projects.git.repositories import urls

pytestmark = [pytest.mark.req("FLT-38"), pytest.mark.queue_off]


class Listener(BaseHTTPRequestHandler):
    """A local program that counts who reached it."""

    def do_GET(self) -> None:
        self.server.reached += 1
        body = b'{"ok": true, "status": "live"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Quietly."""


@pytest.fixture
def local(settings):
    settings.OUTBOUND_ALLOWED_HOSTS, settings.AUTHENTIK_ISSUER, settings.AUTHENTIK_ENDPOINTS = [], "", {}
    settings.GIT_PLAIN_HTTP = True
    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    server.reached = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def url_of(server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def as_provider(url: str) -> None:
    oidc_http.ask(f"{url}/.well-known/openid-configuration")


def as_repository(url: str) -> None:
    urls.parsed(f"{url}/team/board.git").checked()


def as_forge(url: str) -> None:
    asyncio.run(outbound.request("GET", f"{url}/api/v4/version"))


def as_preview(url: str) -> None:
    guarded = outbound.GuardedTransport(only_public=True)
    asyncio.run(outbound.request("GET", url, limits=previews.LIMITS, transport=guarded))


def as_gateway(url: str) -> None:
    health = asyncio.run(OpenClawClient.for_gateway(Gateway(url=url)).health())
    if not health.is_live:
        raise outbound.ForbiddenAddress(health.reason)


PURPOSES = {
    "provider": as_provider,
    "repository": as_repository,
    "forge": as_forge,
    "preview": as_preview,
    "gateway": as_gateway,
}
REFUSALS = (outbound.ForbiddenAddress, SignInRefused, GitFailed)


def allowed(url: str) -> set[str]:
    """The purposes whose requests get there."""
    found = set()
    for name, purpose in PURPOSES.items():
        try:
            purpose(url)
        except REFUSALS:
            continue
        found.add(name)
    return found


def test_nothing_opens_loopback_but_a_gateways_own_row(local):
    assert allowed(url_of(local)) == {"gateway"}


def test_the_providers_address_opens_it_to_signing_in_alone(local, settings):
    settings.AUTHENTIK_ISSUER = f"{url_of(local)}/application/o/board/"
    assert allowed(url_of(local)) == {"gateway", "provider"}


def test_a_named_endpoint_opens_its_own_address_too(local, settings):
    settings.AUTHENTIK_ISSUER, settings.AUTHENTIK_ENDPOINTS = "https://auth.example/o/", {"token": f"{url_of(local)}/t"}
    assert allowed(url_of(local)) == {"gateway", "provider"}


def test_the_providers_address_opens_no_other_port_of_its_host(local, settings):
    settings.AUTHENTIK_ISSUER = "http://127.0.0.1:1/application/o/board/"
    assert allowed(url_of(local)) == {"gateway"}


def test_the_list_of_repositories_opens_it_to_repositories_and_forges_alone(local, settings):
    settings.OUTBOUND_ALLOWED_HOSTS = [url_of(local).removeprefix("http://")]
    assert allowed(url_of(local)) == {"gateway", "repository", "forge"}


@pytest.mark.parametrize("purpose", ["provider", "preview"])
def test_a_refusal_names_no_setting_that_would_not_help(local, purpose):
    with pytest.raises(REFUSALS) as refused:
        PURPOSES[purpose](url_of(local))
    assert "OUTBOUND_ALLOWED_HOSTS" not in str(refused.value)
    assert local.reached == 0


@pytest.mark.parametrize("variables", [{"DEBUG": "1"}, {"DEBUG": "1", "AUTHENTIK_ISSUER": "http://127.0.0.1:9000/o/"}])
def test_no_setting_of_another_purpose_opens_addresses_to_repositories(variables):
    show = "from teamboard import settings; print(settings.OUTBOUND_ALLOWED_HOSTS)"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AUTHENTIK_", "OUTBOUND_"))}
    done = subprocess.run(
        [sys.executable, "-c", show], env=kept | variables, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr
