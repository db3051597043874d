"""The list of rooms is the same on every page that shows it."""

import pytest

from apps.chat.rooms import room_list, rooms
from apps.projects.realtime import frames

pytestmark = pytest.mark.django_db


def test_room_list_follows_changes_on_every_page(board, room, ana, mai):
    board.refresh_from_db()
    quay = rooms.create(board, name="Quay", by=mai)
    [op] = frames.frame_since(board.pk, board.last_seq, language="en")["ops"]
    assert (op["id"], op["parent"]) == (f"room-link-{quay.pk}", "chat-rooms")
    assert ">Quay<" in op["html"]
    created = op["rank"]
    board.refresh_from_db()
    rooms.archive(quay, by=mai)
    [op] = frames.frame_since(board.pk, board.last_seq, language="en")["ops"]
    assert "archived" in op["html"]
    assert op["rank"] > created > room_list.rank_of(room)
