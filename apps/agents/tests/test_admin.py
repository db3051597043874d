"""The administrators' door: gateways and agents, against a gateway that answers."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from apps.agents.models import Agent, Gateway
from apps.agents.tests.factories import GatewayFactory, agent_in, run_of
from apps.projects.tests.factories import UserFactory
from tests.gateways.practice import SECRETS

pytestmark = [pytest.mark.django_db, pytest.mark.queue_off]
GATEWAYS, AGENTS = "admin:agents_gateway_changelist", "admin:agents_agent_changelist"


@pytest.fixture
def admin(client):
    client.force_login(
        UserFactory(name="Root", is_staff=True, is_superuser=True), "apps.accounts.login.backends.PeopleBackend"
    )
    return client


def fields_of(gateway: Gateway, **changed: object) -> dict:
    fields = {"name": gateway.name, "url": gateway.url, "hooks": gateway.hooks, "is_enabled": "on"}
    return fields | {"hook_token": "", "gateway_token": "", "callback_secret": ""} | changed


def act(admin, action: str, gateway: Gateway) -> str:
    answer = admin.post(reverse(GATEWAYS), {"action": action, "_selected_action": [gateway.pk]})
    return " ".join(map(str, get_messages(answer.wsgi_request)))


def test_admin_gateway_never_shows_a_secret(admin):
    gateway = GatewayFactory(hook_token="hook-canary", gateway_token="own-canary", callback_secret="sign-canary")
    page = reverse("admin:agents_gateway_change", args=[gateway.pk])
    assert b"canary" not in admin.get(page).content
    admin.post(page, fields_of(gateway, name="Renamed", hook_token="new-hook"))
    gateway.refresh_from_db()
    stored = (gateway.name, gateway.hook_token, gateway.gateway_token, gateway.callback_secret)
    assert stored == ("Renamed", "new-hook", "own-canary", "sign-canary")
    refused = admin.post(page, fields_of(gateway, url="not an address", hook_token="typed-canary"))
    assert b"canary" not in refused.content


@pytest.mark.req("FLT-2")
def test_admin_gateway_may_be_at_the_address_that_is_proposed(admin, practice, settings):
    settings.OUTBOUND_ALLOWED_HOSTS = []
    url = practice.url.replace("127.0.0.1", "localhost")
    fields = fields_of(GatewayFactory.build(name="New"), url=url, callback_secret="callback-secret") | SECRETS
    admin.post(reverse("admin:agents_gateway_add"), fields)
    told = act(admin, "check_connection", Gateway.objects.get(url=url))
    assert "✓ It answers." in told
    assert "✓ The hook token is accepted." in told


def test_admin_gateway_is_created(admin):
    page = reverse("admin:agents_gateway_add")
    fields = fields_of(GatewayFactory.build(name="New"), hook_token="a", callback_secret="b")
    assert b"This field is required" in admin.post(page, fields | {"callback_secret": ""}).content
    admin.post(page, fields)
    assert Gateway.objects.get(name="New").hook_token == "a"


def test_admin_check_connection_lists_each_finding(admin, reached):
    told = act(admin, "check_connection", reached)
    for sentence in ("It answers.", "The hook token is accepted.", "Our session keys are allowed.", "main, coder"):
        assert f"✓ {sentence}" in told or sentence in told
    assert "✓ Our plugin has not reported yet" in told


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"hook_token": "guess"}, "✗ The hook token is not accepted."),
        ({"gateway_token": "guess"}, "✗ The gateway token does not list the agents"),
        ({"gateway_token": ""}, "✗ Without the gateway token"),
        ({"url": "http://127.0.0.1:1"}, "✗ It can&#x27;t be reached."),
        ({"url": "http://10.255.255.1:18789"}, "✗ It can&#x27;t be reached."),
    ],
)
def test_admin_check_connection_names_what_is_wrong(admin, reached, wrong, sentence):
    Gateway.objects.filter(pk=reached.pk).delete()
    gateway = GatewayFactory(**{"url": reached.url, **SECRETS, **wrong})
    assert sentence in act(admin, "check_connection", gateway)


def test_admin_agent_is_created_moved_and_renamed(admin, board):
    gateway = GatewayFactory()
    fields = {
        "name": "Scribe",
        "slug": "scribe",
        "gateway": gateway.pk,
        "model": "m",
        "system_prompt": "",
        "max_concurrent": 1,
        "timeout_seconds": 300,
        "is_enabled": "on",
        "projects": [board.pk],
    }
    admin.post(reverse("admin:agents_agent_add"), fields)
    agent = Agent.objects.get()
    assert list(agent.user.projects.all()) == [board]
    page = reverse("admin:agents_agent_change", args=[agent.pk])
    admin.post(page, fields | {"name": "Mason", "projects": []})
    agent.refresh_from_db()
    assert (agent.user.name, list(agent.user.projects.all())) == ("Mason", [])


def test_admin_agent_may_not_take_a_persons_name(admin, board, ana):
    scribe = agent_in(board)
    page = reverse("admin:agents_agent_change", args=[scribe.pk])
    assert (
        "This name, or one that looks the same" in admin.post(page, {"name": "Ana", "slug": "scribe"}).content.decode()
    )


def test_admin_list_shows_status_load_and_last_run(admin, board, ana, django_assert_num_queries):
    for name in ("Scribe", "Mason", "Clerk"):
        run_of(agent_in(board, name), ana)
    admin.get(reverse(AGENTS))
    with django_assert_num_queries(4):
        page = admin.get(reverse(AGENTS)).content.decode()
    assert page.count("queued up") == 3
    assert page.count("0 / 1") == 3


def test_admin_agent_with_runs_can_not_be_deleted(admin, board, ana):
    busy, idle = agent_in(board, "Busy"), agent_in(board, "Idle")
    run_of(busy, ana)
    assert admin.post(reverse("admin:agents_agent_delete", args=[busy.pk]), {"post": "yes"}).status_code == 403
    admin.post(reverse("admin:agents_agent_delete", args=[idle.pk]), {"post": "yes"})
    assert list(Agent.objects.all()) == [busy]
