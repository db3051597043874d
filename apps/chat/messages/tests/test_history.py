"""A room's messages by pages, and as the browsers get them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.chat.messages import history, pins, render
from apps.chat.messages.actions.delete import delete
from apps.chat.tests.factories import message_in
from apps.projects.realtime import frames
from apps.tasks.actions.move import move
from apps.tasks.tests.factories import task_in

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHT-2")]


@pytest.fixture
def sent(room, ana, monkeypatch):
    monkeypatch.setattr(history, "PAGE", 4)
    sent = [message_in(room, ana, f"{number}").pk for number in range(12)]
    delete(room.messages.get(pk=sent[5]), by=ana)
    return sent


def keys(page: history.Page) -> list[int]:
    return [message.pk for message in page.messages]


def pages(room, limit=4, **where) -> tuple[list[int], int | None, int | None]:
    return history.keys(room, limit=limit, **where)


def test_history_before_leads_to_all_older(room, sent):
    found, older, newer = pages(room)
    seen = list(found)
    assert newer is None
    while older:
        found, older, _newer = pages(room, before=older)
        seen = found + seen
    assert seen == [pk for pk in sent if pk != sent[5]]


def test_history_after_leads_to_the_newest(room, sent):
    seen, newer = [], 0
    while newer is not None:
        found, _older, newer = pages(room, after=newer)
        seen += found
    assert seen == [pk for pk in sent if pk != sent[5]]


def test_history_around_a_message_even_a_deleted_one(room, sent):
    assert pages(room, around=sent[5]) == ([sent[3], sent[4], sent[6], sent[7]], sent[3], sent[7])
    assert pages(room, around=sent[0]) == ([sent[0], sent[1]], None, sent[1])


def test_history_of_an_empty_room(room):
    assert history.page(room) == ([], None, None)


def test_history_page_costs_a_fixed_number_of_statements(room, ana, ben, columns, django_assert_max_num_queries):
    task = task_in(columns["ready"])
    for _ in range(60):
        message_in(room, ana, f"@ben TIDE-{task.number}")
    with django_assert_max_num_queries(6):
        page = history.page(room)
    assert len(page.messages) == 40


def ops(board, since):
    return frames.frame_since(board.pk, since, language="en")["ops"]


def test_frame_puts_new_and_changed_drops_deleted(board, room, ana):
    message = message_in(room, ana, "One.")
    put = ops(board, 0)[-1]
    assert (put["op"], put["id"], put["parent"], put["rank"]) == (
        "put",
        f"message-{message.pk}",
        f"room-{room.pk}",
        render.rank_of(message.pk),
    )
    board.refresh_from_db()
    delete(message, by=ana)
    assert ops(board, board.last_seq) == [{"op": "drop", "id": f"message-{message.pk}"}]


@pytest.mark.req("CHT-9")
def test_frame_updates_all_chips_of_a_task_by_one_op(board, room, ana, columns):
    task = task_in(columns["ready"], "Tide tables")
    for _ in range(3):
        message_in(room, ana, f"TIDE-{task.number}")
    board.refresh_from_db()
    move(task, to=columns["done"], by=ana)
    chips = [op for op in ops(board, board.last_seq) if op["op"] == "chip"]
    assert [(chip["task"], "Done" in chip["html"]) for chip in chips] == [(task.pk, True)]


def test_frame_has_no_chip_of_a_task_nobody_names(board, room, ana, columns):
    task = task_in(columns["ready"])
    board.refresh_from_db()
    move(task, to=columns["done"], by=ana)
    assert not [op for op in ops(board, board.last_seq) if op["op"] == "chip"]


@pytest.mark.req("FLT-28")
def test_posting_and_rendering_leave_the_text_for_the_search(client, board, room, ana):
    client.force_login(ana)
    with CaptureQueriesContext(connection) as statements:
        first = message_in(room, by=ana)
        message_in(room, by=ana, reply_to=first)
        pins.pin(first, by=ana)
        assert client.get(f"/projects/TIDE/chat/{room.pk}/?full").status_code == 200
        ops = frames.frame_since(board.pk, 0, language="en")["ops"]
    assert ops
    assert [each["sql"] for each in statements if "search_text" in each["sql"]] == []
