"""What is said stands once, in the order in which it was committed."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.chat.messages.actions.post import Archived, ReplyNotInRoom, post_system_message
from apps.chat.models import Message
from apps.chat.rooms import rooms, system_messages
from apps.chat.tests.factories import message_in
from apps.errors import Refused
from apps.projects.models import Event
from apps.tasks.tests.factories import task_in

pytestmark = pytest.mark.django_db


def at_once(number: int, do) -> list:
    """What `do(index)` returns on each of `number` connections that begin together."""
    together = threading.Barrier(number)

    def turn(index: int):
        together.wait()
        try:
            return do(index)
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(turn, range(number)))


def test_post_logs_no_text(room, ana):
    message = message_in(room, ana, "The **tide** is high.")
    event = Event.objects.get(kind="message.posted")
    assert (message.html, message.author) == ('<p dir="auto">The <strong>tide</strong> is high.</p>\n', ana)
    assert event.payload == {"room": room.pk, "message": message.pk, "mentions": [], "tasks": []}


@pytest.mark.req("CHT-3", "E9")
def test_post_again_returns_the_same_message(room, ana):
    client_message_id = uuid.uuid4()
    first = message_in(room, ana, "Once.", client_message_id=client_message_id)
    again = message_in(room, ana, "Once, but edited on the way.", client_message_id=client_message_id)
    assert (again.pk, again.text) == (first.pk, "Once.")
    assert Event.objects.filter(kind="message.posted").count() == 1


@pytest.mark.req("CHT-3", "E9")
@pytest.mark.django_db(transaction=True)
def test_post_five_times_at_once_adds_one(room, ana):
    client_message_id = uuid.uuid4()
    sent = at_once(5, lambda _index: message_in(room, ana, "Once.", client_message_id=client_message_id).pk)
    assert len(set(sent)) == 1
    assert Message.objects.count() == Event.objects.filter(kind="message.posted").count() == 1


@pytest.mark.req("E9")
@pytest.mark.django_db(transaction=True)
def test_post_orders_ids_by_commit(room, ana, ben):
    at_once(8, lambda index: [message_in(room, (ana, ben)[index % 2], f"{index} {turn}") for turn in range(5)])
    posted = Event.objects.filter(kind="message.posted").order_by("seq").values_list("payload__message", flat=True)
    messages = list(Message.objects.order_by("pk"))
    assert list(posted) == [message.pk for message in messages]
    assert len(messages) == 40
    assert [each.created_at for each in messages] == sorted(each.created_at for each in messages)


@pytest.mark.django_db(transaction=True)
def test_post_costs_five_statements(room, ana, django_assert_num_queries):
    with django_assert_num_queries(5 + len(["BEGIN", "COMMIT"])):
        message_in(room, ana, "Nothing named.")


@pytest.mark.parametrize("text", ["", "  \n ", "\u200b\u200d\ufeff", "\u202e\u2066", "\u3164", "\U000e0041"])
def test_post_refuses_invisible_text(room, ana, text):
    with pytest.raises(Refused) as refused:
        message_in(room, ana, text)
    assert refused.value.code == "invalid"


def test_post_refuses_too_long_text(room, ana):
    assert message_in(room, ana, "x" * 50_000)
    with pytest.raises(Refused) as refused:
        message_in(room, ana, "x" * 50_001)
    assert (refused.value.code, refused.value.api_status) == ("too_large", 413)


def test_post_replaces_characters_that_cannot_be_stored(room, ana):
    assert message_in(room, ana, "a\x00b\ud800c").text == "a\ufffdb\ufffdc"
    assert message_in(room, ana, "שלום \u202eabc").text == "שלום \u202eabc"


def test_post_to_an_archived_room_is_refused(board, ana, mai):
    room = rooms.create(board, name="Old", by=mai)
    rooms.archive(room, by=mai)
    with pytest.raises(Archived):
        message_in(room, ana)


@pytest.mark.req("CHT-8")
def test_post_replies_within_its_room_alone(board, room, ana, mai):
    first = message_in(room, ana)
    assert message_in(room, ana, reply_to=first).reply_to == first
    elsewhere = message_in(rooms.create(board, name="Else", by=mai), ana)
    with pytest.raises(ReplyNotInRoom):
        message_in(room, ana, reply_to=elsewhere)


def test_system_message_is_in_each_readers_language(room, ana):
    system_messages.register_system_message("tested", lambda facts: f"Tested {facts['times']} times.")
    message = post_system_message(room, "tested", actor=ana, times=3)
    assert system_messages.sentence_of(message.system_message) == "Tested 3 times."
    assert message.author is None


@pytest.mark.req("CHT-9")
def test_post_stores_mentions_and_task_references(room, ana, ben, columns):
    task = task_in(columns["ready"], "Tide tables")
    message = message_in(room, ana, f"@ben see TIDE-{task.number}, TIDE-{task.number} and TIDE-999.")
    assert [mention.user for mention in message.mentions.all()] == [ben]
    assert [named.task for named in message.task_references.all()] == [task]
