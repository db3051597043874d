"""/pause, /resume and /agents in a room."""

import uuid

import pytest
from django.urls import reverse

from apps.agents.models import Pause
from apps.agents.tests.factories import run_of
from apps.chat.rooms import slash_commands
from apps.chat.tests.factories import message_in, room_of
from apps.errors import NotAllowed
from apps.projects.models import Role
from apps.projects.realtime import frames
from apps.projects.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(board):
    return room_of(board)


def typed(room, by, text):
    return slash_commands.post(room, text=text, by=by, client_message_id=uuid.uuid4())


@pytest.mark.req("G6", "CHT-4")
def test_pause_and_resume_commands_switch_the_agents(room, board, scribe, mai):
    typed(room, mai, "/pause")
    assert Pause.objects.get().paused_by == mai
    typed(room, mai, "/resume")
    assert not Pause.objects.exists()
    assert [message.system_message and message.system_message["code"] for message in room.messages.order_by("pk")] == [
        "agents.paused",
        None,
        "agents.resumed",
        None,
    ]


@pytest.mark.req("FLT-15")
def test_pause_command_stops_running_attempts_when_told(room, scribe, ana, mai):
    run_of(scribe, ana)
    with pytest.raises(slash_commands.NotUnderstood):
        typed(room, mai, "/pause everything")
    typed(room, mai, "/pause")
    assert scribe.runs.busy().exists()
    typed(room, mai, "/pause stop")
    assert not scribe.runs.busy().exists()


@pytest.mark.req("FLT-15")
def test_agents_command_says_that_they_are_paused(room, scribe, ana, mai, monkeypatch):
    heard = []
    monkeypatch.setattr(frames, "send_ephemeral", lambda project, message, **to: heard.append(message["told"]))
    typed(room, mai, "/pause")
    run_of(scribe, ana)
    typed(room, ana, "/agents")
    assert heard == ["Scribe: Paused (0/2)"]


@pytest.mark.req("G6", "FLT-15")
@pytest.mark.parametrize("words", ["/pause", "/resume"])
@pytest.mark.parametrize("role", [Role.COMMENTER, Role.MEMBER])
def test_pause_command_is_the_maintainers(room, board, words, role):
    eve = MembershipFactory(project=board, role=role).user
    with pytest.raises(NotAllowed):
        typed(room, eve, words)
    assert not room.messages.exists()


def test_commands_of_agents_are_plain_text(room, scribe, ana):
    message_in(room, scribe.user, "/pause")
    assert not Pause.objects.exists()


@pytest.mark.req("CHT-4")
def test_agents_command_answers_its_author_alone(client, room, scribe, ana, monkeypatch):
    heard = []
    monkeypatch.setattr(frames, "send_ephemeral", lambda project, message, **to: heard.append((message["told"], to)))
    client.force_login(ana)
    page = reverse("chat:messages", args=[room.project.key, room.pk])
    assert client.post(page, {"text": "/agents", "client_message_id": uuid.uuid4()}).status_code == 302
    assert heard == [("Scribe: Idle (0/2)", {"only_user": ana.pk})]
    assert not room.messages.exists()
