"""By plain http to another machine a token goes to who has proved to be the gateway, or where an operator says so."""

import contextlib
import hashlib
import hmac
import json
from uuid import uuid4

import httpx
import pytest
from django.core.management import call_command
from django.urls import reverse

from apps import outbound
from apps.agents.gateways import gateway_identity, health_check
from apps.agents.gateways.from_settings import ensure_gateway_from_settings
from apps.agents.gateways.gateway_identity import Identity
from apps.agents.gateways.openclaw_client import GatewayError, Kind, OpenClawClient
from apps.agents.models import Gateway
from apps.agents.tests.factories import GatewayFactory

pytestmark = [pytest.mark.req("FLT-3"), pytest.mark.queue_off]
SECRET = "callback-secret"
ELSEWHERE = [
    "http://10.0.0.7:18789",
    "http://192.168.1.5",
    "http://203.0.113.9:18789/",
    "http://gateway.internal:18789",
    "http://host.docker.internal:18789",
    "http://[2001:db8::1]:18789",
    "HTTP://GATEWAY.INTERNAL:18789",
    "http://localhost.example.org",
    "http://127.0.0.1.example.org",
    "http://localhost@gateway.internal",
    "http://127.0.0.1:1@gateway.internal:18789",
    "http://0.0.0.0:18789",
    "http://127.1:18789",
    "http://2130706433:18789",
]
HERE = [
    "http://localhost:18789",
    "http://127.0.0.1:18789",
    "http://127.8.9.1",
    "http://[::1]:18789",
    "http://LOCALHOST",
]


class Far(httpx.AsyncBaseTransport):
    """Who answers there: `control` is its answer at our plugin's route, all else is as OpenClaw's."""

    def __init__(self, control) -> None:
        self.control, self.tokens = control, []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        if request.headers.get("authorization", "").startswith("Bearer "):
            self.tokens.append(request.headers["authorization"])
        if request.url.path == gateway_identity.ROUTE:
            return self.control(request)
        if request.url.path == "/healthz":
            return httpx.Response(200, json={"ok": True, "status": "live"})
        return httpx.Response(200, json={"ok": True, "runId": "r", "items": [], "agents": []})


def signed(secret: str):
    def answer(request: httpx.Request) -> httpx.Response:
        body = json.dumps({"ok": True, "gateway": "2026.9.6", "plugin": "1.4.0", "agents": []}).encode()
        over = f"answer.{request.headers['X-Teamboard-Signature']}.".encode() + body
        mac = hmac.new(secret.encode(), over, hashlib.sha256).hexdigest()
        return httpx.Response(200, content=body, headers={"X-Teamboard-Signature": f"sha256={mac}"})

    return answer


NO_PROOF = {
    "no such route": lambda request: httpx.Response(404, text="Not Found"),
    "a web page": lambda request: httpx.Response(200, text="<h1>It works!</h1>"),
    "not allowed": lambda request: httpx.Response(405),
    "unauthorized, in other words": lambda request: httpx.Response(401, json={"error": "Unauthorized"}),
    "no signature": lambda request: httpx.Response(200, json={"ok": True, "gateway": "2026.9.6"}),
    "another's signature": signed("another secret"),
    "a signature with nothing": signed(""),
    "starting": lambda request: httpx.Response(503),
}


def client_of(url: str, far: Far, *, secret: str = SECRET, **known: bool) -> OpenClawClient:
    identity = Identity(url, secret, **({"must_prove": False} | known), transport=far)
    return OpenClawClient(url, "hook-token", "gateway-token", transport=far, identity=identity)


async def use(client: OpenClawClient) -> None:
    """All that a token of ours is sent with."""
    for ask in (
        lambda: client.run_agent("Hello", "task:1", idempotency_key=str(uuid4())),
        lambda: client.wake("Hello"),
        client.check_hook_token,
        client.list_agents,
        client.hook_token_is_gateway_token,
        lambda: client.get_session_history("agent:main:task:1"),
        lambda: client.session_key_prefixes("main"),
    ):
        with contextlib.suppress(GatewayError):
            await ask()


@pytest.mark.parametrize("secret", [SECRET, ""])
@pytest.mark.parametrize("answer", NO_PROOF.values(), ids=NO_PROOF)
async def test_no_token_goes_elsewhere_without_a_proof(answer, secret):
    far = Far(answer)
    await use(client_of(ELSEWHERE[0], far, secret=secret))
    assert far.tokens == []


async def test_no_token_goes_to_any_address_that_is_not_this_machine():
    for url in ELSEWHERE:
        far = Far(NO_PROOF["no such route"])
        await client_of(url, far).run_agent("Hello", "task:1")
        assert far.tokens == [], url


async def test_token_goes_to_who_proves_to_be_the_gateway():
    for url in [*ELSEWHERE[:8], *HERE]:
        far = Far(signed(SECRET))
        assert (await client_of(url, far).run_agent("Hello", "task:1")).kind is Kind.ADMITTED
        assert far.tokens == ["Bearer hook-token"], url


async def test_old_plugin_goes_on_here_and_at_a_confirmed_address():
    for url in ELSEWHERE + HERE:
        far = Far(NO_PROOF["no such route"])
        client = client_of(url, far, is_confirmed=url in ELSEWHERE)
        assert (await client.run_agent("Hello", "task:1")).kind is Kind.ADMITTED, url


async def test_confirmed_address_does_not_replace_a_proof_that_was_given_once():
    far = Far(NO_PROOF["no such route"])
    await use(client_of(ELSEWHERE[0], far, is_confirmed=True, must_prove=True))
    assert far.tokens == []


async def test_run_says_why_no_token_was_sent():
    outcome = await client_of(ELSEWHERE[0], Far(NO_PROOF["no such route"])).run_agent("Hello", "task:1")
    assert (outcome.kind, outcome.code, outcome.sent) == (Kind.RETRY, "unproved_address", False)
    assert "without a proof of who answers there" in outcome.reason


@pytest.mark.parametrize("url", ["https://gateway.example.org", "https://10.0.0.7"])
async def test_certificate_is_the_proof_by_https(url):
    far = Far(NO_PROOF["no such route"])
    assert (await client_of(url, far).run_agent("Hello", "task:1")).kind is Kind.ADMITTED


def test_another_address_is_to_be_confirmed_again():
    gateway = Gateway(url="http://10.0.0.7:18789", unproved_url="http://10.0.0.7:18789")
    assert gateway_identity.is_confirmed(gateway)
    gateway.url = "http://10.0.0.8:18789"
    assert not gateway_identity.is_confirmed(gateway)
    assert not gateway_identity.is_confirmed(Gateway(url=""))


@pytest.fixture
def far(monkeypatch):
    """Whoever is asked answers as OpenClaw without our plugin."""
    there, request = Far(NO_PROOF["no such route"]), outbound.request

    async def asked(*args, **kwargs):
        return await request(*args, **kwargs | {"transport": there})

    monkeypatch.setattr(outbound, "request", asked)
    return there


@pytest.mark.django_db
def test_check_says_that_no_token_is_sent_and_what_helps(far):
    gateway = GatewayFactory(url=ELSEWHERE[0])
    said = [finding.sentence for finding in health_check.check(gateway) if not finding.is_ok]
    assert any("Our plugin there is missing or too old" in sentence for sentence in said)
    assert any(
        "no token is sent without a proof" in sentence and "confirm the address" in sentence for sentence in said
    )
    assert not any("hook token" in sentence for sentence in said)
    assert far.tokens == []


@pytest.mark.django_db
def test_check_says_that_tokens_go_there_all_the_same(far):
    gateway = GatewayFactory(url=ELSEWHERE[0], unproved_url=ELSEWHERE[0])
    said = [finding.sentence for finding in health_check.check(gateway) if not finding.is_ok]
    assert any("Tokens go there all the same, because this address was confirmed." in sentence for sentence in said)
    assert far.tokens


@pytest.mark.django_db
def test_admin_confirms_the_address_that_stands_in_the_form(client, admin_user):
    client.force_login(admin_user)
    gateway = GatewayFactory(url=ELSEWHERE[0])
    url = reverse("admin:agents_gateway_change", args=[gateway.pk])
    assert "send tokens without a proof of who answers" in client.get(url).content.decode().lower()
    form = {"name": gateway.name, "hooks": gateway.hooks, "is_enabled": "on", "accepts_unproved": "on"}
    for fields, confirmed in [
        ({"url": ELSEWHERE[0]}, ELSEWHERE[0]),
        ({"url": ELSEWHERE[1]}, ELSEWHERE[1]),
        ({"url": ELSEWHERE[1], "accepts_unproved": ""}, ""),
    ]:
        answer = client.post(url, form | fields)
        assert answer.status_code == 302
        gateway.refresh_from_db()
        assert (gateway.url, gateway.unproved_url) == (fields["url"], confirmed)


@pytest.mark.django_db
@pytest.mark.parametrize("accepts", [True, False])
def test_environment_confirms_its_own_address(settings, accepts):
    settings.OPENCLAW_URL, settings.OPENCLAW_ACCEPT_UNPROVED = ELSEWHERE[0], accepts
    settings.OPENCLAW_TOKEN, settings.OPENCLAW_CALLBACK_SECRET = "token", "secret of the environment"
    assert gateway_identity.is_confirmed(ensure_gateway_from_settings()) is accepts
    call_command("check")
