"""Pinned messages stand above their room, for everybody and until somebody takes them down."""

from uuid import uuid4

import pytest

from apps.accounts.tests.programs import Program
from apps.chat.messages import pins
from apps.chat.messages.actions.delete import delete
from apps.chat.messages.actions.edit import edit
from apps.chat.models import Message, Pin
from apps.chat.rooms import retention
from apps.chat.tests.factories import message_in
from apps.errors import Refused
from apps.projects.models import Event
from apps.projects.realtime import frames

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(room, ana) -> Message:
    return message_in(room, ana, "The berth codes.")


def ops_since(project, seq: int) -> list[tuple[str, str]]:
    return [(op["op"], op["id"]) for op in frames.frame_since(project.pk, seq, language="en")["ops"]]


def test_pin_and_unpin_reach_every_page(board, room, message, ben):
    board.refresh_from_db()
    pins.pin(message, by=ben)
    pins.pin(message, by=ben)
    assert ops_since(board, board.last_seq) == [("put", f"message-{message.pk}"), ("put", f"pin-{message.pk}")]
    board.refresh_from_db()
    pins.unpin(message, by=ben)
    assert ops_since(board, board.last_seq) == [("put", f"message-{message.pk}"), ("drop", f"pin-{message.pk}")]
    kinds = Event.objects.filter(kind__contains="pinned").order_by("seq").values_list("kind", flat=True)
    assert list(kinds) == ["message.pinned", "message.unpinned"]


def test_pin_shows_the_edited_text(board, room, message, ana):
    pins.pin(message, by=ana)
    edit(message, text="Other codes.", by=ana)
    assert "Other codes." in pins.render_pin(pins.pins_of(room).get())


def test_delete_removes_the_pin(board, room, message, ana):
    pins.pin(message, by=ana)
    board.refresh_from_db()
    delete(message, by=ana)
    assert not Pin.objects.exists()
    assert ("drop", f"pin-{message.pk}") in ops_since(board, board.last_seq)
    pins.pin(message, by=ana)
    assert not Pin.objects.exists()


def test_pin_refuses_beyond_its_limit(room, ana, monkeypatch):
    monkeypatch.setattr(pins, "MOST", 1)
    pins.pin(message_in(room, ana), by=ana)
    with pytest.raises(Refused) as refused:
        pins.pin(message_in(room, ana), by=ana)
    assert refused.value.code == "too_many_pins"


def test_retention_keeps_pinned_messages(board, room, message, ana, mai):
    kept, gone = message, message_in(room, ana, "Old.")
    pins.pin(kept, by=ana)
    retention.set_days(board, days=1, by=mai)
    Message.objects.update(created_at="2020-01-01T00:00:00Z")
    retention.delete_expired(board)
    assert set(Message.objects.filter(system_message__isnull=True).values_list("pk", flat=True)) == {kept.pk}
    assert gone.pk != kept.pk


def test_room_shows_the_latest_pin_first(client, room, message, ana):
    later = message_in(room, ana, "<b>Tides</b>")
    for each in (message, later):
        pins.pin(each, by=ana)
    client.force_login(ana)
    page = client.get(f"/projects/TIDE/chat/{room.pk}/").content.decode()
    assert page.index(f'id="pin-{later.pk}"') < page.index(f'id="pin-{message.pk}"')
    assert "<bdi>&lt;b&gt;Tides" in page


def test_pin_button_toggles(client, room, message, ana):
    client.force_login(ana)
    for pinned in (True, False):
        assert client.post(f"/projects/TIDE/chat/messages/{message.pk}/pin/").status_code == 302
        assert Pin.objects.filter(message=message).exists() is pinned


def test_api_pins_and_unpins(room, message, ana):
    program = Program(ana)
    assert program.put(f"messages/{message.pk}/pin/", {"is_pinned": True}).json()["is_pinned"] is True
    assert [each["id"] for each in program.get(f"rooms/{room.pk}/pins/").json()] == [message.pk]
    assert program.put(f"messages/{message.pk}/pin/", {"is_pinned": False}).json()["is_pinned"] is False
    posted = program.post(f"rooms/{room.pk}/messages/", {"client_message_id": str(uuid4()), "text": "New"}).json()
    assert posted["is_pinned"] is False
