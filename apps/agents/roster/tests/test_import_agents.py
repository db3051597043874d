"""A gateway's agents come by one form that says which, where to and whether they start; none is left out unsaid."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from apps.accounts.models import AuditEntry
from apps.agents.gateways.openclaw_client import RemoteAgent
from apps.agents.models import Agent, Gateway
from apps.agents.roster.actions.import_agents import import_agents, offers_of
from apps.agents.tests.factories import GatewayFactory, agent_in
from apps.chat.messages import handles
from apps.errors import NotAllowed
from apps.projects.tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.queue_off, pytest.mark.req("FLT-3")]


@pytest.fixture
def root():
    return UserFactory(name="Root", is_staff=True, is_superuser=True)


@pytest.fixture
def admin(client, root):
    client.force_login(root, "apps.accounts.login.backends.PeopleBackend")
    return client


def page_of(gateway: Gateway) -> str:
    return reverse("admin:agents_gateway_import", args=[gateway.pk])


def said(answer) -> str:
    return " ".join(map(str, get_messages(answer.wsgi_request)))


def test_import_puts_agents_into_projects_enabled(admin, reached, board):
    page = admin.get(page_of(reached)).content.decode()
    assert page.count('name="agents"') == 2
    told = said(admin.post(page_of(reached), {"agents": ["main", "coder"], "projects": [board.pk], "is_enabled": "on"}))
    assert told == "Added: Main, Coder. They work in Tidewater. They are enabled."
    assert set(Agent.objects.in_project(board).values_list("slug", "is_enabled")) == {("main", True), ("coder", True)}


def test_import_says_when_agents_have_no_project_and_are_off(admin, reached):
    told = said(admin.post(page_of(reached), {"agents": ["main"]}))
    assert told == "Added: Main. They work in no project yet. They are switched off."


def test_import_offers_the_default_agent_of_every_gateway(admin, reached, board):
    agent_in(board, "Main")
    told = said(admin.post(page_of(reached), {"agents": ["main"], "projects": [board.pk], "is_enabled": "on"}))
    assert told.startswith("Added: Main (main).")
    first, second = Agent.objects.filter(slug="main").order_by("created_at")
    assert [handles.handle_of(agent.user) for agent in (first, second)] == ["main", "main-2"]
    assert handles.of_project(board).get("main-2") == second.user


def test_import_says_who_is_here_already(admin, reached, board):
    agent_in(board, "Coder", gateway=reached)
    page = admin.get(page_of(reached)).content.decode()
    assert "<bdi>Coder</bdi> (coder): already here as Coder" in page
    assert page.count('name="agents"') == 1


def test_import_names_what_can_not_come(reached, root, monkeypatch):
    remote = [RemoteAgent("a" * 51, "Long"), RemoteAgent("my.agent", "Dotted"), RemoteAgent("", "Nobody")]

    async def list_agents(_client):
        return remote

    monkeypatch.setattr("apps.agents.gateways.openclaw_client.OpenClawClient.list_agents", list_agents)
    obstacles = [offer.obstacle for offer in offers_of(reached, by=root)]
    assert "50 at most" in obstacles[0]
    assert "letters, numbers" in obstacles[1]
    assert all(obstacles)


def test_import_finds_a_name_for_each_of_many(root, board):
    gateways = [GatewayFactory(callback_secret=f"secret-{number}") for number in range(4)]
    main = RemoteAgent("main", "Main")
    names = [import_agents(each, [main], projects=[board], is_enabled=True, by=root)[0].name for each in gateways]
    assert names == ["Main", "Main (main)", "Main (main 2)", "Main (main 3)"]


def test_import_is_for_administrators(reached, ana):
    with pytest.raises(NotAllowed):
        import_agents(reached, [], projects=[], is_enabled=True, by=ana)
    with pytest.raises(NotAllowed):
        offers_of(reached, by=ana)


def test_import_says_when_the_gateway_is_down(admin):
    gateway = GatewayFactory(url="http://127.0.0.1:1")
    assert str(gateway) in said(admin.get(page_of(gateway)))
    assert not Agent.objects.exists()


def test_import_retires_the_practice_agents_in_the_same_form(admin, reached, board, root):
    practising = GatewayFactory(name="Practice gateway", is_practice=True)
    scribe = agent_in(board, "Scribe", gateway=practising)
    assert 'name="retire_practice"' in admin.get(page_of(reached)).content.decode()
    told = said(admin.post(page_of(reached), {"agents": ["main"], "retire_practice": "on"}))
    assert "Switched off: Scribe, of the practice gateway." in told
    scribe.refresh_from_db()
    practising.refresh_from_db()
    assert scribe.status == "disabled"
    assert (practising.is_enabled, practising.hook_token, practising.callback_secret) == (False, "", "")
    assert AuditEntry.objects.filter(action="gateway.changed", who="Root").exists()


def test_slug_is_unique_at_its_gateway_at_every_door(admin, root, board):
    gateway, other = GatewayFactory(callback_secret="a"), GatewayFactory(callback_secret="b")
    agent_in(board, "Scribe", gateway=gateway)
    fields = {"slug": "scribe", "name": "Writer", "max_concurrent": 1, "timeout_seconds": 300, "is_enabled": "on"}
    page = reverse("admin:agents_agent_add")
    assert "This gateway has an agent with this slug already." in admin.post(
        page, fields | {"gateway": gateway.pk}
    ).content.decode().replace("&#x27;", "'")
    assert admin.post(page, fields | {"gateway": other.pk}).status_code == 302
    assert Agent.objects.filter(slug="scribe").count() == 2
