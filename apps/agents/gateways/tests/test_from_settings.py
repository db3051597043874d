"""The gateway of the environment, the practice gateway that makes way for it, and secrets that two must not share."""

import pytest
from django.urls import reverse

from apps.accounts.models import AuditEntry
from apps.agents.gateways.from_settings import SecretTaken, ensure_gateway_from_settings
from apps.agents.gateways.practice import retire
from apps.agents.models import Agent, Gateway
from apps.agents.runs import queue, scheduler
from apps.agents.tests.factories import GatewayFactory, agent_in, run_of
from apps.chat.tests.factories import message_in, room_of
from apps.errors import NotAllowed
from apps.projects.tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.queue_off, pytest.mark.req("FLT-3")]
SECRETS = {"OPENCLAW_TOKEN": "hook", "OPENCLAW_GATEWAY_TOKEN": "gateway", "OPENCLAW_CALLBACK_SECRET": "shared"}
REAL = {**SECRETS, "OPENCLAW_URL": "http://127.0.0.1:18789", "OPENCLAW_IS_PRACTICE": False}
PRACTICE = {**SECRETS, "OPENCLAW_URL": "http://127.0.0.1:18790", "OPENCLAW_IS_PRACTICE": True}


@pytest.fixture
def start(settings):
    """Start with these variables, as `make run` does."""

    def with_variables(variables: dict) -> Gateway:
        for name, value in variables.items():
            setattr(settings, name, value)
        return ensure_gateway_from_settings()

    return with_variables


def test_practice_gateway_retires_when_the_environment_names_a_real_one(start, board, ana):
    practising = start(PRACTICE)
    scribe = agent_in(board, "Scribe", gateway=practising)
    run = run_of(scribe, ana)
    real = start(REAL)
    scribe.refresh_from_db()
    practising.refresh_from_db()
    assert (scribe.status, practising.is_enabled) == ("disabled", False)
    assert (practising.hook_token, practising.gateway_token, practising.callback_secret) == ("", "", "")
    assert (real.is_enabled, real.callback_secret) == (True, "shared")
    assert scheduler.decision(run).code == "gateway_disabled"
    assert AuditEntry.objects.filter(action="gateway.changed", facts__is_enabled=False).count() == 1
    with pytest.raises(queue.AgentDisabled):
        run_of(scribe, ana, "Another")
    message = message_in(room_of(board), ana, "@scribe hello")
    assert message.mention_refusals.get().reason == "disabled"


def test_practice_agents_are_said_to_be_off_on_their_page(start, board, ana, client):
    agent_in(board, "Scribe", gateway=start(PRACTICE))
    client.force_login(ana, "apps.accounts.login.backends.PeopleBackend")
    page, sentence = reverse("agents:agents", args=[board.key]), "The practice agents are switched off"
    assert sentence not in client.get(page).content.decode()
    start(REAL)
    assert sentence in client.get(page).content.decode()


def test_practice_gateway_comes_back_where_no_other_is_on(start, board):
    scribe = agent_in(board, "Scribe", gateway=start(PRACTICE))
    off = agent_in(board, "Switched off by an administrator", gateway=scribe.gateway, is_enabled=False)
    real, own = start(REAL), PRACTICE | {"OPENCLAW_CALLBACK_SECRET": "practice"}
    start(own)
    assert Agent.objects.get(pk=scribe.pk).status == "disabled"  # the real one is still on
    Gateway.objects.filter(pk=real.pk).update(is_enabled=False)
    assert start(own).is_enabled
    assert [Agent.objects.get(pk=agent.pk).status for agent in (scribe, off)] == ["idle", "disabled"]


def test_practice_gateway_is_retired_by_administrators_only(ana):
    with pytest.raises(NotAllowed):
        retire(by=ana)


def test_practice_gateway_that_an_administrator_disabled_stays_so_at_a_restart(start, board):
    gateway = start(PRACTICE)
    agent_in(board, "Scribe", gateway=gateway, is_enabled=False)
    start(PRACTICE)
    assert not Agent.objects.get().is_enabled


def test_environment_takes_over_the_row_that_the_admin_has_of_the_same_gateway(start):
    row = GatewayFactory(url=REAL["OPENCLAW_URL"], callback_secret="shared")
    assert start(REAL) == row
    assert start(REAL | {"OPENCLAW_TOKEN": "new"}).hook_token == "new"
    assert Gateway.objects.count() == 1


def test_environment_with_the_secret_of_another_gateway_is_refused(start):
    GatewayFactory(name="Studio", callback_secret="shared")
    with pytest.raises(SecretTaken, match="the secret of the gateway Studio too"):
        start(REAL)
    assert Gateway.objects.count() == 1


@pytest.fixture
def admin(client):
    root = UserFactory(name="Root", is_staff=True, is_superuser=True)
    client.force_login(root, "apps.accounts.login.backends.PeopleBackend")
    return client


def fields(**secrets: str) -> dict:
    own = {"hook_token": "hook", "gateway_token": "gateway", "callback_secret": "callback"}
    return {"name": "New", "url": "http://localhost:18789", "hooks": "agent", "is_enabled": "on", **own, **secrets}


def test_admin_refuses_a_callback_secret_that_another_gateway_has(admin):
    other = GatewayFactory(name="Studio", callback_secret="shared")
    add = reverse("admin:agents_gateway_add")
    page = admin.post(add, fields(callback_secret="shared")).content.decode()
    assert "The gateway Studio signs with this secret." in page
    assert admin.post(add, fields()).status_code == 302
    change = reverse("admin:agents_gateway_change", args=[Gateway.objects.get(name="New").pk])
    assert "Studio signs with" in admin.post(change, fields(callback_secret="shared")).content.decode()
    kept = reverse("admin:agents_gateway_change", args=[other.pk])
    assert admin.post(kept, fields(name="Studio", callback_secret="")).status_code == 302


@pytest.mark.parametrize(
    "secrets", [{"gateway_token": "hook"}, {"callback_secret": "hook"}, {"callback_secret": "gateway"}]
)
def test_admin_refuses_one_secret_for_two_purposes(admin, secrets):
    page = admin.post(reverse("admin:agents_gateway_add"), fields(**secrets)).content.decode()
    assert "This is one of the other secrets." in page
    assert not Gateway.objects.exists()
