"""Only administrators create and change agents, whichever door they come by."""

import pytest

from apps.agents.models import Agent
from apps.agents.roster.actions.create import create
from apps.agents.roster.actions.import_agents import import_agents
from apps.agents.roster.actions.set_projects import set_projects
from apps.agents.roster.actions.update import update
from apps.errors import NotAllowed
from apps.projects.tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("Z2")]

ACTIONS = {
    "create": lambda scribe, by: create(scribe.gateway, slug="mason", name="Mason", by=by),
    "update": lambda scribe, by: update(scribe, name="Mason", by=by),
    "set projects": lambda scribe, by: set_projects(scribe, [], by=by),
    "import": lambda scribe, by: import_agents(scribe.gateway, [], projects=[], is_enabled=True, by=by),
}


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_agents_are_changed_by_administrators_only(scribe, ana, action):
    with pytest.raises(NotAllowed):
        action(scribe, ana)
    assert [agent.name for agent in Agent.objects.all()] == ["Scribe"]
    assert scribe.user.projects.exists()


def test_update_renames_the_agents_user(scribe):
    update(scribe, name="Clerk", by=UserFactory(is_staff=True))
    scribe.user.refresh_from_db()
    assert (scribe.name, scribe.user.name) == ("Clerk", "Clerk")
