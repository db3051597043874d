"""Rooms and messages for programs."""

import uuid

import pytest

from apps.accounts.tests.programs import Program
from apps.chat.models import Message
from apps.chat.rooms import unread_counts
from apps.chat.tests.factories import message_in
from apps.projects.models import Role
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.tests.factories import task_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(ana):
    return Program(ana)


@pytest.fixture
def maintainer(board):
    return Program(MembershipFactory(project=board, role=Role.MAINTAINER).user)


def post(program, room, text="Hello.", **fields):
    return program.post(f"rooms/{room.pk}/messages/", {"client_message_id": str(uuid.uuid4()), "text": text, **fields})


def test_api_rooms_list_create_and_change(board, room, program, maintainer):
    made = maintainer.post("projects/TIDE/rooms/", {"name": "Quay"}).json()
    assert [each["name"] for each in program.get("projects/TIDE/rooms/").json()] == ["Tidewater", "Quay"]
    changed = maintainer.patch(f"rooms/{made['id']}/", {"name": "Pier", "is_archived": True}).json()
    assert (changed["name"], changed["is_archived"]) == ("Pier", True)
    assert post(program, Message(pk=made["id"])).json()["code"] == "archived"
    assert maintainer.patch(f"rooms/{made['id']}/", {"is_archived": False}).json()["is_archived"] is False
    assert maintainer.post("projects/TIDE/rooms/", {"name": "tidewater"}).json()["code"] == "name_taken"
    assert program.post("projects/TIDE/rooms/", {"name": "Mine"}).status_code == 403


@pytest.mark.req("E9", "CHT-3")
def test_api_post_again_adds_nothing(room, program, ben, columns):
    task = task_in(columns["ready"])
    client_message_id = str(uuid.uuid4())
    first = post(program, room, f"@ben see TIDE-{task.number}", client_message_id=client_message_id)
    again = post(program, room, "Another text.", client_message_id=client_message_id)
    assert (first.status_code, again.json()) == (201, first.json())
    assert first.json()["mentions"] == [ben.pk]
    assert first.json()["tasks"] == [task.pk]
    answer = post(program, room, "Yes.", reply_to=first.json()["id"]).json()
    assert answer["reply_to"] == first.json()["id"]


@pytest.mark.req("E9")
def test_api_post_again_of_a_deleted_message_is_gone(room, program):
    client_message_id = str(uuid.uuid4())
    first = post(program, room, client_message_id=client_message_id).json()
    program.delete(f"messages/{first['id']}/")
    again = post(program, room, client_message_id=client_message_id)
    assert (again.status_code, again.json()["code"]) == (410, "gone")


@pytest.mark.req("CHT-2", "E9")
def test_api_history_is_paged_both_ways(room, ana, program):
    sent = [message_in(room, ana).pk for _ in range(7)]
    page = program.get(f"rooms/{room.pk}/messages/?limit=3").json()
    seen = [each["id"] for each in page["messages"]]
    while page["before"]:
        page = program.get(f"rooms/{room.pk}/messages/?limit=3&before={page['before']}").json()
        seen = [each["id"] for each in page["messages"]] + seen
    assert seen == sent
    around = program.get(f"rooms/{room.pk}/messages/?limit=3&around={sent[3]}").json()
    assert [each["id"] for each in around["messages"]] == [sent[2], sent[3]]
    for wrong in ("limit=0", "limit=101", "before=x", "after=-1", "before=1&after=1", "around=99999999999999999999"):
        assert program.get(f"rooms/{room.pk}/messages/?{wrong}").status_code == 400


def test_api_history_costs_a_fixed_number_of_statements(room, ana, program, django_assert_max_num_queries):
    for _ in range(30):
        message_in(room, ana, "@ana")
    program.get(f"rooms/{room.pk}/")
    with django_assert_max_num_queries(10):
        program.get(f"rooms/{room.pk}/messages/")


@pytest.mark.req("CHT-6")
def test_api_message_edit_and_delete(room, program, ben, maintainer):
    pk = post(program, room).json()["id"]
    assert program.patch(f"messages/{pk}/", {"text": "Changed."}).json()["edited_at"]
    assert Program(ben).patch(f"messages/{pk}/", {"text": "Mine."}).status_code == 403
    assert Program(ben).delete(f"messages/{pk}/").status_code == 403
    assert maintainer.delete(f"messages/{pk}/").status_code == 204
    assert program.get(f"messages/{pk}/").status_code == 404
    assert "Changed" not in str(program.get(f"rooms/{room.pk}/messages/").json())


def test_api_reactions(room, program, ana):
    pk = post(program, room).json()["id"]
    assert program.post(f"messages/{pk}/reactions/", {"emoji": "🎉"}).json()["reactions"] == {"🎉": [ana.pk]}
    assert program.post(f"messages/{pk}/reactions/", {"emoji": "🎉", "on": False}).json()["reactions"] == {}
    assert program.post(f"messages/{pk}/reactions/", {"emoji": "yes"}).status_code == 400


@pytest.mark.req("CHT-1")
def test_api_unread_and_mark_read(room, program, ana, ben):
    message_in(room, ben, "@ana hello")
    last = message_in(room, ben)
    assert [(each["unread"], each["mentions"]) for each in program.get("projects/TIDE/unread/").json()] == [(2, 1)]
    assert program.post(f"rooms/{room.pk}/read/", {"last_read_id": last.pk}).json()[0]["unread"] == 0
    assert unread_counts.unread_of(ana, room.project)[room.pk]["last_read_id"] == last.pk


def test_api_post_too_often_says_when_to_retry(room, program, settings):
    settings.CHAT_MESSAGES_PER_MINUTE = 3
    answers = [post(program, room) for _ in range(8)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].json()["code"] == "too_often"
    assert 1 <= int(refused[0]["Retry-After"]) <= 61
    assert Message.objects.count() == 8 - len(refused)


@pytest.mark.parametrize("text", ["", "  ", "\u200b", "x" * 50_001, "a" * 65_536])
def test_api_post_refuses_invalid_bodies(room, program, text):
    assert post(program, room, text).status_code == 400


def test_api_reply_stays_in_its_room(board, room, program, maintainer):
    elsewhere = maintainer.post("projects/TIDE/rooms/", {"name": "Quay"}).json()["id"]
    other = post(program, Message(pk=elsewhere)).json()["id"]
    assert post(program, room, reply_to=other).status_code == 400
