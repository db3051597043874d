"""How much of a room somebody is told."""

import pytest

from apps.accounts.tests.programs import Program
from apps.chat.models import RoomSubscription
from apps.chat.rooms import rooms, subscriptions, unread_counts
from apps.chat.tests.factories import message_in
from apps.projects.models import Role
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.tests.factories import BoardFactory

pytestmark = pytest.mark.django_db
CHAT = "/projects/TIDE/chat/"


def test_subscription_defaults_to_mentions(board, room, ana):
    assert unread_counts.unread_of(ana, board)[room.pk]["level"] == "mentions"
    subscriptions.subscribe(room, level="all", by=ana)
    subscriptions.subscribe(room, level="none", by=ana)
    assert RoomSubscription.objects.get().level == unread_counts.unread_of(ana, board)[room.pk]["level"] == "none"


def test_subscription_to_nothing_counts_nowhere(client, board, room, ana, ben, mai):
    quay = rooms.create(board, name="Quay", by=mai)
    for each in (room, quay):
        message_in(each, ben, f"@{ana.username} hello")
    subscriptions.subscribe(quay, level="none", by=ana)
    assert unread_counts.unread_by_project(ana) == {board.pk: (1, 1)}
    client.force_login(ana)
    assert ">1</span>" in client.get("/projects/TIDE/").content.decode().split("tabs__count", 1)[1][:90]
    assert "Unread: 1. " not in client.get("/").content.decode()
    assert "Unread: 1." in client.get("/projects/").content.decode()


def test_unread_of_all_projects_is_one_statement(room, ana, ben, django_assert_num_queries, mai):
    for key in ("ONE", "TWO"):
        other = BoardFactory(key=key)
        for user, role in ((ana, Role.MEMBER), (ben, Role.MEMBER), (mai, Role.MAINTAINER)):
            MembershipFactory(project=other, user=user, role=role)
        message_in(rooms.create(other, name="Talk", by=mai), ben)
    with django_assert_num_queries(1):
        assert sorted(unread_counts.unread_by_project(ana).values()) == [(0, 0), (1, 0), (1, 0)]


def test_subscription_is_set_by_one_click(client, board, room, ana):
    client.force_login(ana)
    assert client.post(f"{CHAT}{room.pk}/subscription/", {"level": "all"}).status_code == 302
    assert 'value="all" aria-pressed="true"' in client.get(CHAT).content.decode()
    assert client.post(f"{CHAT}{room.pk}/subscription/", {"level": "loud"}).status_code == 422
    assert RoomSubscription.objects.get().level == "all"


def test_subscription_is_set_by_api(room, ana):
    program = Program(ana)
    assert program.put(f"rooms/{room.pk}/subscription/", {"level": "none"}).json()[0]["level"] == "none"
    assert program.put(f"rooms/{room.pk}/subscription/", {"level": "loud"}).status_code == 400
