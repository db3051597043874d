"""A room to take along."""

import json

import pytest
from django.test import Client

from apps.accounts.models import AuditEntry
from apps.chat.messages import reactions
from apps.chat.messages.actions.delete import delete
from apps.chat.messages.actions.post import post_system_message
from apps.chat.tests.factories import message_in
from apps.projects.models import Role
from apps.projects.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def maintainer(board):
    client = Client()
    client.force_login(MembershipFactory(project=board, role=Role.MAINTAINER, user__name="Mai").user)
    return client


@pytest.fixture
def talk(room, ana, ben):
    first = message_in(room, ana, 'Buy "rope".\nAnd a <b>chain</b>.')
    message_in(room, ben, "Oui.", reply_to=first)
    reactions.react(first, emoji="👍", by=ben)
    gone = message_in(room, ben, "Secret.")
    delete(gone, by=ben)
    post_system_message(room, "agents.paused", actor=ana, name="Ana")
    return first


def test_export_as_json(board, room, talk, maintainer):
    answer = maintainer.get(f"/projects/TIDE/chat/{room.pk}/export.json")
    told = json.loads(answer.getvalue())
    assert told["room"] == "Tidewater"
    assert [each["author"] for each in told["messages"]] == ["Ana", "Ben", "Team Board"]
    assert told["messages"][0]["text"] == 'Buy "rope".\nAnd a <b>chain</b>.'
    assert told["messages"][0]["reactions"] == [["👍", "ben"]]
    assert told["messages"][1]["reply_to"] == talk.pk
    assert answer.headers["Content-Disposition"] == f'attachment; filename="room-{room.pk}.json"'


def test_export_as_markdown(room, talk, maintainer):
    text = maintainer.get(f"/projects/TIDE/chat/{room.pk}/export.md").getvalue().decode()
    assert text.startswith("# Tidewater\n\n**Ana**, 20")
    assert "\n\nOui.\n" in text
    assert "Secret" not in text


def test_export_is_audited_and_limited(room, talk, maintainer):
    address = f"/projects/TIDE/chat/{room.pk}/export.md"
    assert [maintainer.get(address).status_code for _ in range(7)] == [200] * 6 + [429]
    assert {entry.who for entry in AuditEntry.objects.filter(action="room.exported")} == {"Mai"}


def test_export_is_for_maintainers(room, talk, ana):
    client = Client()
    client.force_login(ana)
    assert client.get(f"/projects/TIDE/chat/{room.pk}/export.json").status_code == 403


def test_export_costs_few_statements(room, ana, maintainer, django_assert_max_num_queries):
    for _ in range(40):
        message_in(room, ana)
    with django_assert_max_num_queries(9):
        maintainer.get(f"/projects/TIDE/chat/{room.pk}/export.json").getvalue()
