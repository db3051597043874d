"""Maintainers say which agents' messages may start which others."""

import pytest
from django.urls import reverse

from apps.agents.mentions import handoffs
from apps.agents.models import HandoffPermission
from apps.agents.tests.factories import agent_in
from apps.errors import NotAllowed
from apps.projects.models import Event, Role
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.tests.factories import BoardFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def mason(board, scribe):
    return agent_in(board, "Mason", gateway=scribe.gateway)


@pytest.fixture
def visits(client, board):
    client.force_login(MembershipFactory(project=board, role=Role.MAINTAINER).user)
    return client


def allow(visits, board, from_agent, to_agent):
    body = {"from_agent": from_agent.pk, "to_agent": to_agent.pk}
    return visits.post(reverse("agents:allow-handoff", args=[board.key]), body)


@pytest.mark.req("G6")
def test_handoff_is_allowed_and_revoked_by_a_maintainer(visits, board, scribe, mason):
    page = reverse("agents:agents", args=[board.key])
    assert "So far no agent starts another." in visits.get(page).content.decode()
    for _ in range(2):
        assert allow(visits, board, scribe, mason).status_code == 302
    handoff = HandoffPermission.objects.get()
    assert "Scribe → Mason" in visits.get(page).content.decode()
    visits.post(reverse("agents:revoke-handoff", args=[board.key, handoff.pk]))
    assert not HandoffPermission.objects.exists()
    kinds = Event.objects.filter(kind__startswith="handoff.").order_by("seq").values_list("kind", flat=True)
    assert list(kinds) == ["handoff.allowed", "handoff.revoked"]


def test_handoff_to_the_same_agent_is_refused(visits, board, scribe, mason):
    answer = allow(visits, board, scribe, scribe)
    assert answer.status_code == 422
    assert "Choose two different agents." in answer.content.decode()


@pytest.mark.req("Z3")
def test_handoff_knows_only_agents_of_the_project(visits, board, scribe, mason):
    stranger = agent_in(BoardFactory(key="OTHER"), "Stranger", gateway=scribe.gateway)
    assert allow(visits, board, scribe, stranger).status_code == 422
    third = MembershipFactory(project=BoardFactory(key="THIRD"), role=Role.MAINTAINER)
    elsewhere = handoffs.allow(third.project, from_agent=scribe, to_agent=stranger, by=third.user)
    assert visits.post(reverse("agents:revoke-handoff", args=[board.key, elsewhere.pk])).status_code == 404


@pytest.mark.req("Z2")
def test_handoff_needs_a_maintainer_under_the_lock(board, scribe, mason, ana):
    maintainer = MembershipFactory(project=board, role=Role.MAINTAINER).user
    with pytest.raises(NotAllowed):
        handoffs.allow(board, from_agent=scribe, to_agent=mason, by=ana)
    permission = handoffs.allow(board, from_agent=scribe, to_agent=mason, by=maintainer)
    with pytest.raises(NotAllowed):
        handoffs.revoke(permission, by=ana)
    assert HandoffPermission.objects.get() == permission
