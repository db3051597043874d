"""The rooms of a project."""

import pytest

from apps.chat.messages import reactions
from apps.chat.models import Reaction, Room
from apps.chat.rooms import rooms
from apps.chat.tests.factories import message_in
from apps.errors import Refused
from apps.projects.actions.create import create
from apps.projects.models import Event
from apps.projects.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_project_starts_with_a_room():
    project = create(name="Tidewater", key="TW", by=UserFactory())
    assert [(room.name, room.is_default) for room in project.rooms.all()] == [("Tidewater", True)]


def test_room_is_created_renamed_archived_and_reopened(board, room, mai):
    made = rooms.create(board, name=" Harbour ", by=mai)
    rooms.rename(made, name="Quay", by=mai)
    rooms.archive(made, by=mai)
    rooms.archive(made, by=mai)
    rooms.reopen(made, by=mai)
    kinds = ["room.created", "room.renamed", "room.archived", "room.reopened"]
    assert list(Event.objects.filter(kind__startswith="room.").order_by("seq").values_list("kind", flat=True)) == kinds
    assert Room.objects.get(pk=made.pk).name == "Quay"


@pytest.mark.req("FLT-33")
@pytest.mark.parametrize("name", ["Quay\u200b", "Qu\u202eay", "Two\nlines", " Quay "])
def test_reopen_takes_a_name_from_before_todays_rule(board, mai, name):
    made = rooms.create(board, name="Quay", by=mai)
    Room.objects.filter(pk=made.pk).update(name=name)
    rooms.archive(made, by=mai)
    rooms.reopen(made, by=mai)
    assert (made.name, Room.objects.get(pk=made.pk).archived_at) == (name, None)


def test_room_name_is_unique_among_open_ones(board, room, mai):
    made = rooms.create(board, name="Quay", by=mai)
    for taken in ("quay", "QUAY"):
        with pytest.raises(rooms.NameTaken):
            rooms.create(board, name=taken, by=mai)
    rooms.archive(made, by=mai)
    rooms.create(board, name="Quay", by=mai)
    with pytest.raises(rooms.NameTaken):
        rooms.reopen(made, by=mai)


def test_archive_refuses_the_default_room(room, mai):
    with pytest.raises(rooms.DefaultStays):
        rooms.archive(room, by=mai)


def test_room_count_is_limited(board, monkeypatch, mai):
    monkeypatch.setattr(rooms, "MOST", 1)
    rooms.create(board, name="One", by=mai)
    with pytest.raises(rooms.TooManyRooms):
        rooms.create(board, name="Two", by=mai)


def test_reaction_is_given_once_and_taken_back(room, ana, ben):
    message = message_in(room, ana)
    for _ in range(2):
        reactions.react(message, emoji="👍", by=ben)
    assert Reaction.objects.count() == Event.objects.filter(kind="message.reacted").count() == 1
    reactions.unreact(message, emoji="👍", by=ben)
    assert not Reaction.objects.exists()


def test_reaction_kinds_are_limited(room, ana, monkeypatch):
    monkeypatch.setattr(reactions, "MOST_KINDS", 1)
    message = message_in(room, ana)
    reactions.react(message, emoji="👍", by=ana)
    with pytest.raises(Refused):
        reactions.react(message, emoji="🎉", by=ana)
