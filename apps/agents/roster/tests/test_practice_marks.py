"""An agent of the practice gateway is marked as practising wherever it is shown; a real one nowhere."""

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.tests.programs import Program
from apps.agents.gateways.from_settings import ensure_gateway_from_settings
from apps.agents.roster.actions.create import create
from apps.agents.roster.actions.update import update
from apps.agents.runs import lifecycle
from apps.agents.runs.callbacks import results
from apps.agents.tests.factories import GatewayFactory, run_of
from apps.chat.tests.factories import message_in, room_of

pytestmark = [pytest.mark.django_db, pytest.mark.queue_off, pytest.mark.req("FLT-22")]
MARK = "practice agent"


def agent_that(board, *, practises: bool):
    gateway = GatewayFactory(is_practice=practises)
    return create(gateway, slug="scribe", name="Scribe", by=None, projects=[board])


def pages_of(board, agent, ana) -> dict[str, str]:
    run = run_of(agent, ana)
    lifecycle.admit(run, gateway_run_id="r")
    results.succeed(run, results.Result(text="Done."))
    message_in(room_of(board), agent.user, "Good morning")
    return {
        "board": reverse("tasks:board", args=[board.key]),
        "task": run.task.get_absolute_url(),
        "chat": reverse("chat:home", args=[board.key]),
        "members": reverse("projects:members", args=[board.key]),
        "agents": reverse("agents:agents", args=[board.key]),
    }


@pytest.mark.parametrize("practises", [True, False])
def test_agent_is_marked_on_every_page_if_it_practises(client, board, ana, practises):
    agent = agent_that(board, practises=practises)
    client.force_login(ana, "apps.accounts.login.backends.PeopleBackend")
    marked = {
        name: MARK in client.get(page, follow=True).content.decode()
        for name, page in pages_of(board, agent, ana).items()
    }
    assert marked == dict.fromkeys(marked, practises)


def test_agent_that_practises_is_marked_at_the_api(board, ana):
    agent, program = agent_that(board, practises=True), Program(ana)
    assert program.get(f"agents/{agent.pk}/").json()["is_practice"] is True
    members = program.get(f"projects/{board.key}/members/").json()["results"]
    assert {row["name"]: row["is_practice"] for row in members} == {"Ana": False, "Scribe": True}


def test_agent_that_practises_is_marked_in_the_admin(client, board):
    agent_that(board, practises=True)
    root = User.objects.create_user("root", name="Root", is_staff=True, is_superuser=True)
    client.force_login(root, "apps.accounts.login.backends.PeopleBackend")
    page = client.get(reverse("admin:agents_agent_changelist")).content.decode()
    assert "Practises" in page
    assert 'alt="True"' in page.split("field-practises")[1][:200]


def test_agent_loses_the_mark_with_its_gateway(board, ana):
    agent = agent_that(board, practises=True)
    root = User.objects.create_user("root", name="Root", is_staff=True)
    update(agent, by=root, gateway=GatewayFactory())
    agent.user.refresh_from_db()
    assert not agent.user.is_practice


def test_gateway_of_the_environment_practises_if_it_says_so(settings):
    settings.OPENCLAW_URL, settings.OPENCLAW_TOKEN, settings.OPENCLAW_CALLBACK_SECRET = "http://127.0.0.1:1", "h", "s"
    settings.OPENCLAW_IS_PRACTICE = True
    assert ensure_gateway_from_settings().is_practice
    settings.OPENCLAW_IS_PRACTICE = False
    assert not ensure_gateway_from_settings().is_practice


def test_agents_page_is_a_tab_of_the_project(client, board, ana):
    client.force_login(ana, "apps.accounts.login.backends.PeopleBackend")
    room_of(board)
    address = reverse("agents:agents", args=[board.key])
    tab = f'<a class="tabs__link" href="{address}"'
    for page in ("tasks:board", "chat:home", "projects:code", "projects:members"):
        assert tab in client.get(reverse(page, args=[board.key]), follow=True).content.decode(), page
    assert f'{tab} aria-current="page">' in client.get(address).content.decode()
