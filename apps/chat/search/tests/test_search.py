"""Finding what was said."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.tests.programs import Program
from apps.agents.tests.factories import agent_in
from apps.chat.messages import history
from apps.chat.messages.actions.delete import delete
from apps.chat.messages.actions.edit import edit
from apps.chat.models import Message
from apps.chat.rooms import rooms, unread_counts
from apps.chat.search import search
from apps.chat.tests.factories import message_in
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.tests.factories import BoardFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHT-10")]


@pytest.fixture
def talk(board, room, ana, ben, mai):
    quay = rooms.create(board, name="Old quay", by=mai)
    return {
        "rope": message_in(room, ana, "Buy a **rope** for the ferry."),
        "ropes": message_in(quay, ben, "Two ropes, please."),
        "russian": message_in(room, ben, "Верёвка для парома куплена."),
    }


def found(board, query: str) -> list[int]:
    return search.search(board, query)[0]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("rope", ["ropes", "rope"]),
        ("ROPE ferry", ["rope"]),
        ("верёв", ["russian"]),
        ("ЁВКА", ["russian"]),
        ("opes", ["ropes"]),
        ("op", []),
        ("fe", ["rope"]),
        ("from:ben", ["russian", "ropes"]),
        ("rope from:@ana", ["rope"]),
        ('in:"old quay"', ["ropes"]),
        ("rope in:Tidewater", ["rope"]),
        ("after:2000-01-01 before:2999-01-01 rope", ["ropes", "rope"]),
        ("rope before:2000-01-01", []),
        ("ship", []),
        ("rope'); DROP TABLE x; --", []),
        ("r:*|&!(", ["ropes", "rope"]),
    ],
)
def test_search_by_words_people_rooms_and_days(board, talk, query, names):
    assert found(board, query) == [talk[name].pk for name in names]


@pytest.mark.parametrize("query", ["from:nobody", "in:nowhere", "after:yesterday", "before:2026-02-31", "!?", "from:"])
def test_search_refuses_unknown_filters(board, talk, query):
    if query == "from:":
        assert found(board, query) == []
        return
    with pytest.raises(search.NotUnderstood):
        search.search(board, query)


def test_search_days_begin_by_the_readers_clock(board, room, ana):
    message = message_in(room, ana)
    Message.objects.filter(pk=message.pk).update(created_at="2026-11-22T22:30:00+00:00")
    with timezone.override("Europe/Moscow"):
        assert found(board, "after:2026-11-23") == [message.pk]
    assert found(board, "after:2026-11-23") == []


def test_search_finds_edited_and_no_deleted_messages(board, talk, ana, ben):
    edit(talk["rope"], text="Buy a chain.", by=ana)
    delete(talk["ropes"], by=ben)
    assert found(board, "rope") == []
    assert found(board, "chain") == [talk["rope"].pk]


def test_search_stays_in_its_project(board, talk, ana):
    other = BoardFactory(key="OTHER")
    MembershipFactory(project=other, user=ana)
    assert found(other, "rope") == []
    with pytest.raises(search.NotUnderstood):
        search.search(other, "from:ben")


def test_search_from_an_agent_by_its_handle(board, room):
    scribe = agent_in(board, "Scribe")
    message = message_in(room, scribe.user, "Done.")
    assert found(board, "from:scribe") == [message.pk]


def test_search_results_come_by_pages(board, room, ana, monkeypatch):
    monkeypatch.setattr(history, "PAGE", 2)
    sent = [message_in(room, ana, f"rope {number}").pk for number in range(5)]
    seen, before = [], None
    while True:
        keys, before = search.search(board, "rope", before=before)
        seen += keys
        if not before:
            break
    assert seen == sent[::-1]


def test_search_page_links_to_messages_and_marks_none_read(board, talk, ana):
    client = Client()
    client.force_login(ana)
    page = client.get("/projects/TIDE/chat/search/?q=rope").content.decode()
    assert f"?around={talk['ropes'].pk}" in page
    assert unread_counts.unread_of(ana, board)[talk["rope"].room_id]["unread"] == 1
    assert client.get("/projects/TIDE/chat/search/?q=from:nobody").status_code == 422
    assert client.get("/projects/TIDE/chat/search/").status_code == 200


def test_search_by_api(board, talk, ana):
    program = Program(ana)
    answer = program.get("projects/TIDE/messages/?q=rope").json()
    assert ([each["id"] for each in answer["messages"]], answer["before"]) == (
        [talk["ropes"].pk, talk["rope"].pk],
        None,
    )
    assert program.get("projects/TIDE/messages/?q=in:nowhere").status_code == 400
    assert program.get("projects/TIDE/messages/").status_code == 400


def test_search_costs_a_fixed_number_of_statements(board, room, ana, django_assert_num_queries):
    for _ in range(30):
        message_in(room, ana, "rope")
    with django_assert_num_queries(len(["the words", "rooms", "the newest", "lately", "by the index"])):
        found(board, "rope")
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'message_word_beginnings'")
        assert "USING gin" in cursor.fetchone()[0]
    assert Message.objects.filter(created_at__gt=timezone.now() - timedelta(minutes=5)).count() == 30


@pytest.mark.parametrize("query", ["rope", "op", "ro", "ROPES", "ёвк", "ве", "rope from:ana", "or", "2", "p"])
@pytest.mark.parametrize("recent", [0, 2])
def test_search_by_index_and_by_scan_find_the_same(board, room, ana, ben, talk, monkeypatch, query, recent):
    """What fills a page among the last messages, and what has to be looked for in all of them."""
    monkeypatch.setattr(history, "PAGE", 1)
    monkeypatch.setattr(search, "RECENT", 10**9)
    wanted = search.search(board, query)
    monkeypatch.setattr(search, "RECENT", recent)
    assert search.search(board, query) == wanted


def test_search_by_parts_of_words_in_every_alphabet(db):
    """pg_trgm sees what the database's LC_CTYPE calls a letter; with C it would find Russian by reading everything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT show_trgm('верёвка')")
        assert cursor.fetchone()[0]
