"""Maintainers say which agents' messages may start which others."""

import pytest
from django.urls import reverse

from apps.agents.mentions import handoffs
from apps.agents.models import HandoffPermission
from apps.agents.tests.factories import agent_in
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


def allow(visits, board, asks, asked):
    return visits.post(reverse("agents:allow", args=[board.key]), {"asks": asks.pk, "asked": asked.pk})


@pytest.mark.req("G6")
def test_a_maintainer_allows_a_pair_and_takes_it_back(visits, board, scribe, mason):
    page = reverse("agents:agents", args=[board.key])
    assert "So far no agent starts another." in visits.get(page).content.decode()
    for _ in range(2):
        assert allow(visits, board, scribe, mason).status_code == 302
    pair = HandoffPermission.objects.get()
    assert "Scribe → Mason" in visits.get(page).content.decode()
    visits.post(reverse("agents:forbid", args=[board.key, pair.pk]))
    assert not HandoffPermission.objects.exists()
    kinds = Event.objects.filter(kind__startswith="pair.").order_by("seq").values_list("kind", flat=True)
    assert list(kinds) == ["pair.allowed", "pair.forbidden"]


def test_an_agent_does_not_start_itself(visits, board, scribe, mason):
    answer = allow(visits, board, scribe, scribe)
    assert answer.status_code == 422
    assert "Choose two different agents." in answer.content.decode()


@pytest.mark.req("Z3")
def test_agents_of_other_projects_are_unknown_here(visits, board, scribe, mason):
    stranger = agent_in(BoardFactory(key="OTHER"), "Stranger", gateway=scribe.gateway)
    assert allow(visits, board, scribe, stranger).status_code == 422
    elsewhere = handoffs.allow(BoardFactory(key="THIRD"), asks=scribe, asked=stranger, by=scribe.user)
    assert visits.post(reverse("agents:forbid", args=[board.key, elsewhere.pk])).status_code == 404
