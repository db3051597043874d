"""What people and programs send by mistake or on purpose: nothing lost, nothing doubled, nothing executed."""

import re
from uuid import uuid4

import pytest

from apps.accounts.forms import PreferencesForm
from apps.accounts.tests.programs import Program
from apps.agents.tests.factories import agent_in
from apps.chat.messages import history, parse
from apps.chat.messages.actions.tests.test_post import at_once
from apps.chat.models import Message
from apps.chat.rooms import export, slash_commands, unread_counts
from apps.chat.tests.factories import message_in
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.models import Task

pytestmark = pytest.mark.django_db
RIGHT_TO_LEFT = "\u202e"


@pytest.fixture
def bot(board):
    return MembershipFactory(project=board, user__name="Bot").user


def sent(text: str = "Beep.", **fields) -> dict:
    return {"text": text, "client_message_id": str(uuid4()), **fields}


def shown(room) -> str:
    return "".join(message.html for message in history.page(room).messages)


# Too often


@pytest.mark.req("S3", "E9")
def test_rate_limit_is_per_person(room, ana, bot, settings):
    settings.CHAT_MESSAGES_PER_MINUTE = 3
    program, address = Program(bot), f"rooms/{room.pk}/messages/"
    assert [program.post(address, sent()).status_code for _ in range(3)] == [201] * 3
    refused = program.post(address, sent())
    assert refused.status_code == 429
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.json()["code"] == "too_often"
    assert Program(ana).post(address, sent()).status_code == 201
    assert room.messages.filter(author=bot).count() == 3


@pytest.mark.req("E9", "CHT-3")
def test_rate_limit_spares_repeated_messages(client, room, ana, settings):
    settings.CHAT_MESSAGES_PER_MINUTE = 1
    once = sent("Once.")
    answers = [Program(ana).post(f"rooms/{room.pk}/messages/", once) for _ in range(5)]
    assert {answer.json()["id"] for answer in answers} == {Message.objects.get().pk}
    client.force_login(ana)
    page = f"/projects/TIDE/chat/{room.pk}/messages/"
    assert client.post(page, once).status_code == 302
    assert client.post(page, sent("Twice.")).status_code == 429


@pytest.mark.req("CHT-3", "E9")
@pytest.mark.django_db(transaction=True)
def test_command_five_times_at_once_runs_once(room, ana, columns):
    client_message_id = uuid4()
    done = at_once(
        5, lambda _i: slash_commands.post(room, text="/task Buy rope", by=ana, client_message_id=client_message_id).pk
    )
    assert len(set(done)) == 1
    assert Task.objects.count() == 1


# Too long


def test_too_long_text_is_refused_and_kept_in_the_form(client, room, ana):
    client.force_login(ana)
    long = "x" * 65_536
    answer = client.post(f"/projects/TIDE/chat/{room.pk}/messages/", sent(long))
    assert answer.status_code == 413
    assert "That is too long: 65536 characters, 50000 at most." in answer.content.decode()
    assert f">{long}</textarea>" in answer.content.decode()
    refused = Program(ana).post(f"rooms/{room.pk}/messages/", sent(long))
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert "50000" in refused.content.decode()
    assert not Message.objects.exists()


# Not to be seen, or in another order


@pytest.mark.parametrize(
    "text", ["&#8203;", "[](https://a.example)", "[x]: https://a.example", "**\u200b**", "> \u2800"]
)
def test_invisible_markdown_is_refused(client, room, ana, text):
    client.force_login(ana)
    answer = client.post(f"/projects/TIDE/chat/{room.pk}/messages/", sent(text))
    assert "Write a few words first." in answer.content.decode()
    assert not Message.objects.exists()


@pytest.mark.parametrize("text", ["---", "- ", "&amp;", "שלום", "\u0645\u06cc\u200c\u062e\u0648", "1."])
def test_short_visible_text_is_accepted(room, ana, text):
    assert message_in(room, ana, text).text == text


def test_quote_does_not_turn_text_direction(room, ana):
    first = message_in(room, ana, f"{RIGHT_TO_LEFT}drawkcab")
    message_in(room, ana, "Indeed.", reply_to=first)
    assert f"<b><bdi>Ana</bdi></b> <bdi>{RIGHT_TO_LEFT}drawkcab</bdi>" in shown(room)


@pytest.mark.parametrize("name", [f"Ana{RIGHT_TO_LEFT}", "\u2066Ana", "\u200b", "A\u200fna"])
def test_name_does_not_turn_text_direction(ana, name):
    given = {"name": name, "language": "", "theme": "", "density": "normal"}
    assert "name" in PreferencesForm(given, instance=ana).errors
    assert "name" not in PreferencesForm(given | {"name": "\u05e2\u05dc\u200c\u05d9 Āna-1"}, instance=ana).errors


# Who has left


def test_message_of_a_deleted_account_stays(board, room, ana, ben):
    first = message_in(room, ben, f"Ask @{ana.username}.")
    message_in(room, ana, "I answer.", reply_to=first)
    ben.delete()
    html = shown(room)
    assert html.count("Former member") == 2  # above the message, and where it is quoted
    assert "Ask" in html
    assert unread_counts.unread_of(ana, board)[room.pk]["mentions"] == 1
    exported = "".join(export.KINDS["md"][1](room))
    assert "**Former member**" in exported
    assert "None" not in exported
    [told, _] = Program(ana).get(f"rooms/{room.pk}/messages/").json()["messages"]
    assert (told["author"], told["text"]) == (None, f"Ask @{ana.username}.")


# Nothing is executed


@pytest.mark.req("X1", "X2", "G2")
def test_message_parts_are_escaped_everywhere(room, ana, ben):
    text = 'A <script>alert(1)</script> "onload="x ![x](https://evil.example/x.png) <img src=x onerror=alert(1)>'
    message_in(room, ana, "Indeed.", reply_to=message_in(room, ben, text))
    tags = "".join(re.findall("<[a-z][^>]*>", shown(room)))
    for live in ("<script", "<img", "onload", "onerror"):
        assert live not in tags


@pytest.mark.req("G7")
def test_mention_by_an_agent_notifies_five_of_200(board, room):
    scribe = agent_in(board, "Scribe").user
    people = [MembershipFactory(project=board, user__username=f"p{number}").user for number in range(45)]
    message = message_in(room, scribe, " ".join(f"@{person.username}" for person in people * 5))
    assert message.mentions.count() == parse.MOST_MENTIONS_BY_AGENTS
