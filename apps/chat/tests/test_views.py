"""The room's pages: what they cost, who may do what, and that they work without a script."""

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.agents.tests.factories import agent_in
from apps.chat.attachments import attachments
from apps.chat.messages import render
from apps.chat.messages.actions.delete import delete
from apps.chat.messages.actions.edit import edit
from apps.chat.messages.actions.post import post as post_message
from apps.chat.models import Message, ReadMark, Room
from apps.chat.rooms import slash_commands
from apps.chat.tests.factories import message_in, room_of
from apps.projects.models import Role
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.models import Task
from apps.tasks.tests.factories import BoardFactory, task_in

pytestmark = pytest.mark.django_db
CHAT = "/projects/TIDE/chat/"
AS_SCRIPT = {"Accept": "application/json"}


@pytest.fixture
def ana_visits(client, ana, room):
    client.force_login(ana)
    return client


def post(client, room: Room, text: str, **fields):
    return client.post(f"{CHAT}{room.pk}/messages/", {"text": text, "client_message_id": uuid4(), **fields})


@pytest.mark.parametrize("count", [3, 90])
def test_room_page_costs_few_statements(ana_visits, room, ben, columns, count, django_assert_max_num_queries):
    for number in range(count):
        task = task_in(columns["ready"], f"Task {number}")
        message_in(room, ben, f"See {task.key}")
    with django_assert_max_num_queries(15):
        assert ana_visits.get(CHAT).status_code == 200


def test_tab_shows_unread_on_every_page(ana_visits, room, ana, ben):
    message_in(room, ben, f"@{ana.username} and")
    message_in(room, ben)
    for path in ("/projects/TIDE/", "/projects/TIDE/members/", CHAT):
        assert 'class="tabs__count" aria-hidden="true" data-mentions>2</span>' in ana_visits.get(path).content.decode()


def test_post_by_a_plain_form_leads_to_the_message(ana_visits, room):
    answer = post(ana_visits, room, "Plain words")
    message = Message.objects.get()
    assert answer.url == f"{CHAT}{room.pk}/?around={message.pk}"
    assert "Plain words" in ana_visits.get(answer.url).content.decode()
    assert "Write a few words first." in post(ana_visits, room, " ").content.decode()


def test_post_by_a_script_returns_its_frame(ana_visits, board, room):
    sent = {"text": "Hello", "client_message_id": uuid4(), "since": board.last_seq, "epoch": str(board.epoch)}
    frame = ana_visits.post(f"{CHAT}{room.pk}/messages/", sent, headers=AS_SCRIPT).json()
    [op] = frame["ops"]
    assert op["parent"] == f"room-{room.pk}"
    assert op["rank"] == f"{Message.objects.get().pk:020}"
    again = ana_visits.post(f"{CHAT}{room.pk}/messages/", sent, headers=AS_SCRIPT).json()
    assert again["seq"] == frame["seq"]


@pytest.mark.django_db(transaction=True)
def test_post_costs_few_statements(ana_visits, board, room, django_assert_num_queries):
    who_asks, said, frame = ["session", "project with role", "room"], 5, ["project with events", "message"]
    sent = {"text": "Hello", "client_message_id": uuid4(), "since": board.last_seq, "epoch": str(board.epoch)}
    with django_assert_num_queries(len([*who_asks, "BEGIN", *range(said), "COMMIT", *frame])):
        ana_visits.post(f"{CHAT}{room.pk}/messages/", sent, headers=AS_SCRIPT)


@pytest.mark.req("CHT-2")
def test_room_page_before_after_and_around(ana_visits, room, ben):
    keys = [message_in(room, ben, f"Word {number}.").pk for number in range(60)]
    ReadMark.objects.create(room=room, user_id=ana_visits.session["_auth_user_id"], last_read_id=keys[-1])
    html = ana_visits.get(CHAT).content.decode()
    assert "Word 20." in html
    assert "Word 19." not in html
    assert f'href="?before={keys[20]}"' in html
    older = ana_visits.get(f"{CHAT}{room.pk}/messages/?before={keys[20]}", headers={"X-Fragment": "1"}).content.decode()
    assert "Word 0." in older
    assert "data-from" not in older
    assert f'data-to="{keys[19]:020}"' in older
    assert f'data-around="{keys[5]}"' in ana_visits.get(f"{CHAT}?around={keys[5]}").content.decode()
    assert ana_visits.get(f"{CHAT}?around=x").status_code == 200
    for far in ("9" * 30, "9" * 5000, "²", "٣"):
        assert ana_visits.get(CHAT, {"around": far}).status_code == 200


def test_room_page_begins_at_the_read_mark(ana_visits, room, ana, ben):
    keys = [message_in(room, ben, f"Word {number}.").pk for number in range(100)]
    ReadMark.objects.create(room=room, user=ana, last_read_id=keys[9])
    html = ana_visits.get(CHAT).content.decode()
    assert "Word 9." in html
    assert "Word 99." not in html
    assert f'data-line="{keys[9]}"' in html


@pytest.mark.req("CHT-1")
def test_mark_read_returns_what_is_left(ana_visits, room, ben):
    first, second = message_in(room, ben), message_in(room, ben)
    left = ana_visits.post(f"{CHAT}{room.pk}/read/", {"last_read_id": first.pk}).json()
    assert left == ana_visits.get(f"{CHAT}unread/").json()
    assert left[str(room.pk)] == {
        "unread": 1,
        "mentions": 0,
        "last_read_id": first.pk,
        "newest_id": second.pk,
        "level": "mentions",
    }
    assert ana_visits.post(f"{CHAT}{room.pk}/read/", {"last_read_id": "x"}).status_code == 422


def test_viewer_reads_and_does_not_write(client, board, room, ben):
    message = message_in(room, ben)
    client.force_login(MembershipFactory(project=board, role=Role.VIEWER).user)
    assert "composer__field" not in client.get(CHAT).content.decode()
    assert post(client, room, "No").status_code == 403
    assert client.post(f"{CHAT}messages/{message.pk}/react/", {"emoji": "👍"}).status_code == 403


def test_commenter_posts_and_creates_no_tasks(client, board, room, ben):
    message = message_in(room, ben)
    client.force_login(MembershipFactory(project=board, role=Role.COMMENTER).user)
    assert post(client, room, "Yes").status_code == 302
    assert client.get(f"{CHAT}messages/{message.pk}/task/").status_code == 403
    assert post(client, room, "/task No").status_code == 403
    assert not Task.objects.exists()


def test_dialogs_work_without_a_script(ana_visits, room, ana):
    message = message_in(room, ana, "Frist")
    address = f"{CHAT}messages/{message.pk}/"
    assert "Frist" in ana_visits.get(f"{address}edit/").content.decode()
    assert ana_visits.post(f"{address}edit/", {"text": "First"}).url == message.get_absolute_url()
    assert "Write a few words first." in ana_visits.post(f"{address}edit/", {"text": "\u200b"}).content.decode()
    assert "Delete this message?" in ana_visits.get(f"{address}delete/").content.decode()
    assert ana_visits.post(f"{address}delete/").status_code == 302
    assert ana_visits.get(f"{address}edit/").status_code == 404


@pytest.mark.req("CHT-9")
def test_make_task_again_returns_the_same_task(ana_visits, room, ben):
    message = message_in(room, ben, "The ladder\nis loose.")
    wish = {"title": "Fix the ladder", "client_message_id": uuid4()}
    for _ in range(2):
        assert ana_visits.post(f"{CHAT}messages/{message.pk}/task/", wish).status_code == 302
    task = Task.objects.get()
    assert task.description == f"> The ladder\n> is loose.\n\n[Ben · Tidewater]({message.get_absolute_url()})"
    answer = Message.objects.get(reply_to=message)
    assert answer.text == task.key


@pytest.mark.req("CHT-9")
def test_make_task_of_a_file_takes_its_name(ana_visits, room, ana):
    file = attachments.upload(room, SimpleUploadedFile("tables.csv", b"1"), name="tables.csv", by=ana)
    message = post_message(room, text="", by=ana, client_message_id=uuid4(), files=[file.pk])
    address = f"{CHAT}messages/{message.pk}/task/"
    assert 'value="tables.csv"' in ana_visits.get(address).content.decode()
    ana_visits.post(address, {"title": "Read the tables", "client_message_id": uuid4()})
    assert Task.objects.get().description.startswith("> tables.csv\n")


@pytest.mark.req("CHT-9")
def test_make_task_again_after_its_reply_was_deleted_is_gone(ana_visits, room, ana, ben):
    message, wish = message_in(room, ben), {"title": "Fix the ladder", "client_message_id": uuid4()}
    ana_visits.post(f"{CHAT}messages/{message.pk}/task/", wish)
    delete(Message.objects.get(reply_to=message), by=ana)
    answer = ana_visits.post(f"{CHAT}messages/{message.pk}/task/", wish)
    assert (answer.status_code, Task.objects.count()) == (410, 1)
    assert "That message is not here any more." in answer.content.decode()


@pytest.mark.req("CHT-4")
def test_command_runs_once_and_posts_its_outcome(ana_visits, room, board, ben, columns):
    sent = uuid4()
    for _ in range(2):
        post(ana_visits, room, "/task Buy rope", client_message_id=sent)
    task = Task.objects.get()
    assert Message.objects.get().text == task.key
    post(ana_visits, room, f"/assign {task.key.lower()} @{ben.username}")
    task.refresh_from_db()
    assert task.assignee == ben
    message = Message.objects.latest("pk")
    assert message.text == f"{task.key} → Ben"
    assert not message.mentions.exists()
    assert post(ana_visits, room, "/assign nobody").status_code == 422
    assert post(ana_visits, room, "/unknown is just words").status_code == 302


def test_command_may_post_nothing(ana_visits, room, monkeypatch):
    monkeypatch.setitem(slash_commands._commands, "hush", slash_commands.Command(lambda *_: None, ""))
    assert post(ana_visits, room, "/hush").url == room.get_absolute_url()
    assert not Message.objects.exists()


def test_command_assign_needs_the_right_to_direct_agents(ana_visits, room, board, columns, monkeypatch):
    scribe = agent_in(board).user
    task = task_in(columns["ready"])
    monkeypatch.setattr("apps.accounts.models.User.may_direct_agents", False)
    assert post(ana_visits, room, f"/assign {task.key} @{scribe.username}").status_code == 403


@pytest.mark.req("CHT-4")
def test_task_suggestions_by_number_and_title(ana_visits, board, columns):
    task_in(columns["ready"], "Paint the quay")
    task_in(columns["ready"], "Mend the nets")
    assert ana_visits.get(f"{CHAT}tasks/?q=nets").json() == {"tasks": [{"text": "TIDE-2", "label": "Mend the nets"}]}
    assert ana_visits.get(f"{CHAT}tasks/?q=1").json()["tasks"][0]["text"] == "TIDE-1"
    assert len(ana_visits.get(f"{CHAT}tasks/").json()["tasks"]) == 2


def test_room_of_another_project_is_not_found(ana_visits):
    elsewhere = room_of(BoardFactory(key="OTHER"))
    assert ana_visits.get(f"{CHAT}{elsewhere.pk}/").status_code == 404
    assert post(ana_visits, elsewhere, "Hello?").status_code == 404


def test_room_is_created_archived_and_reopened_by_a_maintainer(client, board, room, mai):
    client.force_login(mai)
    made = client.post(f"{CHAT}new/", {"name": "Repairs"})
    repairs = board.rooms.get(name="Repairs")
    assert made.url == f"{CHAT}{repairs.pk}/"
    assert client.post(f"{CHAT}new/", {"name": "Repairs"}).status_code == 422
    client.post(f"{CHAT}{repairs.pk}/archive/")
    html = client.get(made.url).content.decode()
    assert "This room is archived" in html
    assert "composer__field" not in html
    client.post(f"{CHAT}{repairs.pk}/reopen/")
    assert "composer__field" in client.get(made.url).content.decode()


@pytest.mark.req("CHT-6")
def test_revisions_are_shown_to_managers(client, room, ana, mai):
    message = message_in(room, ana, "<b>Rude</b> words")
    edit(message, text="Kind words", by=ana)
    address = f"{CHAT}messages/{message.pk}/revisions/"
    client.force_login(mai)
    assert "&lt;b&gt;Rude&lt;/b&gt; words" in client.get(address).content.decode()
    client.force_login(ana)
    assert client.get(address).status_code == 403


def test_message_footer_forms_carry_the_readers_token(ana_visits, room, ben, monkeypatch):
    message = message_in(room, ben)
    form = '<form><input type="hidden" name="csrfmiddlewaretoken" value=""></form>'
    monkeypatch.setattr(render, "_footer_renderers", [lambda messages: {message.pk: form}])
    assert 'name="csrfmiddlewaretoken" value=""' not in ana_visits.get(CHAT).content.decode()
