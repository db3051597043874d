"""What is too old is deleted: all that hangs on it too, nothing else, and no count is wrong after."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import AuditEntry
from apps.accounts.tests.programs import Program
from apps.agents.models import Run
from apps.agents.tests.factories import agent_in
from apps.chat import jobs
from apps.chat.messages import reactions
from apps.chat.messages.actions.delete import delete
from apps.chat.messages.actions.edit import edit
from apps.chat.models import Mention, Message, MessageRevision, Reaction, ReadMark, RoomRetention
from apps.chat.rooms import (
    retention,
    rooms,
    system_messages,
    unread_counts,
)
from apps.chat.tests.factories import message_in, room_of
from apps.projects.models import Event, Project, Role
from apps.projects.realtime.frames import frame_since
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.tests.factories import BoardFactory

pytestmark = pytest.mark.django_db
PAGE = "/projects/TIDE/chat/retention/"


@pytest.fixture
def mai_visits(mai, room):
    client = Client()
    client.force_login(mai)
    return client


def made_old(*messages: Message, days: float = 100) -> None:
    keys = [message.pk for message in messages]
    Message.objects.filter(pk__in=keys).update(created_at=timezone.now() - timedelta(days=days))


def test_retention_deletes_old_messages_with_their_rows(board, room, mai, ana, ben):
    old, new = message_in(room, ben, f"Hello @{ana.username}"), message_in(room, ben, "New.")
    answer = message_in(room, ana, "Indeed.", reply_to=old)
    edit(old, text=f"Hullo @{ana.username}", by=ben)
    reactions.react(old, emoji="👍", by=ana)
    gone = message_in(room, ana, "Deleted.")
    delete(gone, by=ana)
    made_old(old, gone)
    retention.set_days(board, days=90, by=mai)
    jobs.delete_old_messages()
    assert list(room.messages.filter(system_message__isnull=True)) == [new, answer]
    assert not any(model.objects.exists() for model in (Mention, Reaction, MessageRevision))
    answer.refresh_from_db()
    assert answer.reply_to is None


def test_retention_keeps_messages_to_the_last_hour(board, room, mai, ana):
    kept, old = message_in(room, ana, "Kept."), message_in(room, ana, "Old.")
    made_old(kept, days=89.9)
    made_old(old, days=90.1)
    retention.set_days(board, days=90, by=mai)
    jobs.delete_old_messages()
    assert list(room.messages.filter(system_message__isnull=True)) == [kept]


def test_retention_off_keeps_everything(board, room, mai, ana):
    elsewhere = room_of(BoardFactory(key="OTHER"))
    MembershipFactory(project=elsewhere.project, user=mai)
    made_old(message_in(room, ana), message_in(elsewhere, mai), days=4000)
    jobs.delete_old_messages()
    retention.set_days(board, days=90, by=mai)
    retention.set_days(board, days=None, by=mai)
    jobs.delete_old_messages()
    assert Message.objects.filter(system_message__isnull=True).count() == 2
    assert not RoomRetention.objects.exists()


@pytest.mark.req("CHT-1")
def test_retention_keeps_unread_counts_exact(board, room, mai, ana, ben):
    messages = [message_in(room, ben, f"{n} @{ana.username}") for n in range(6)]
    unread_counts.mark_read(room, last_read_id=messages[1].pk, by=ana)
    made_old(*messages[:4])
    retention.set_days(board, days=90, by=mai)
    jobs.delete_old_messages()
    unread = unread_counts.unread_of(ana, board)[room.pk]
    assert (unread["unread"], unread["mentions"], unread["last_read_id"]) == (2, 2, messages[1].pk)
    made_old(*messages)
    room.messages.filter(system_message__isnull=False).delete()
    jobs.delete_old_messages()
    assert unread_counts.unread_of(ana, board)[room.pk]["unread"] == 0
    unread_counts.mark_read(room, last_read_id=messages[5].pk, by=ana)
    assert ReadMark.objects.get(user=ana).last_read_id == messages[1].pk
    message_in(room, ben, "After all that.")
    assert unread_counts.unread_of(ana, board)[room.pk]["unread"] == 1


def test_retention_logs_one_event_a_batch(board, room, mai, ana, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    old = [message_in(room, ana) for _ in range(5)]
    made_old(*old)
    retention.set_days(board, days=90, by=mai)
    since = Project.objects.get(pk=board.pk).last_seq
    jobs.delete_old_messages()
    assert Event.objects.filter(kind="message.expired").count() == 3
    ops = frame_since(board.pk, since, language="en")["ops"]
    assert ops == [{"op": "drop", "id": f"message-{message.pk}"} for message in old]


def test_retention_deletes_few_batches_of_a_project_at_once(board, room, mai, ana, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(jobs, "MOST_BATCHES", 2)
    made_old(*[message_in(room, ana) for _ in range(5)])
    retention.set_days(board, days=90, by=mai)
    jobs.delete_old_messages()
    assert room.messages.filter(system_message__isnull=True).count() == 1
    jobs.delete_old_messages()
    assert not room.messages.filter(system_message__isnull=True).exists()


def test_retention_goes_on_after_a_project_failed(board, room, mai, ana, monkeypatch):
    other = BoardFactory(key="AAA", name="Aaa")
    MembershipFactory(project=other, user=mai, role=Role.MAINTAINER)
    made_old(message_in(room_of(other), mai), message_in(room, ana))
    for project in (other, board):
        retention.set_days(project, days=90, by=mai)
    real = retention.delete_expired
    monkeypatch.setattr(retention, "delete_expired", lambda project: 1 / 0 if project == other else real(project))
    jobs.delete_old_messages()
    assert Message.objects.filter(system_message__isnull=True).get().room.project == other


def test_retention_keeps_questions_of_open_runs(board, room, mai):
    scribe = agent_in(board)
    question = message_in(room, mai, f"@{scribe.slug} how long?")
    made_old(question)
    retention.set_days(board, days=90, by=mai)
    jobs.delete_old_messages()
    assert Run.objects.open().get().message == question
    Run.objects.update(status=Run.Status.CANCELLED)
    jobs.delete_old_messages()
    assert not Message.objects.filter(pk=question.pk).exists()


def test_retention_is_confirmed_announced_and_audited(mai_visits, board, room, mai, ana):
    made_old(message_in(room, ana), message_in(rooms.create(board, name="Quay", by=mai), ana))
    assert "How long messages are kept" in mai_visits.get(f"/projects/TIDE/chat/{room.pk}/").content.decode()
    asked = mai_visits.post(PAGE, {"days": "90"}).content.decode()
    assert "Messages older than 90 days are deleted. 2 messages go now." in asked
    assert not RoomRetention.objects.exists()
    assert mai_visits.post(PAGE, {"days": "90", "is_confirmed": "True"}).status_code == 302
    html = mai_visits.get("/projects/TIDE/chat/").content.decode()
    assert '<p class="chat__retention">Messages older than 90 days are deleted.</p>' in html
    assert "Mai has decided that messages older than 90 days are deleted." in html
    assert 'value="90"' in mai_visits.get(PAGE).content.decode()
    jobs.delete_old_messages()
    told = AuditEntry.objects.filter(action__in=["retention.changed", "message.expired"]).order_by("pk")
    assert [(entry.who, entry.facts) for entry in told] == [
        ("Mai", {"days": 90, "before": None}),
        ("", {"count": 2}),
    ]


def test_retention_of_longer_needs_no_confirmation(mai_visits, board, mai):
    retention.set_days(board, days=30, by=mai)
    assert mai_visits.post(PAGE, {"days": "60"}).status_code == 302
    assert retention.days_of(board) == 60
    assert mai_visits.post(PAGE, {"days": ""}).status_code == 302
    assert retention.days_of(board) is None
    assert "Mai has decided that messages are kept for ever." in mai_visits.get("/projects/TIDE/chat/").content.decode()


@pytest.mark.parametrize("days", ["0", "-1", "3651", "x", "1.5"])
def test_retention_takes_one_day_to_ten_years(mai_visits, board, mai, days):
    assert mai_visits.post(PAGE, {"days": days, "is_confirmed": "True"}).status_code == 422
    assert Program(mai).put("projects/TIDE/retention/", {"days": days}).status_code == 400
    assert retention.days_of(board) is None


def test_retention_api_reads_and_sets(board, room, mai, ana):
    assert Program(ana).get("projects/TIDE/retention/").json() == {"days": None}
    assert Program(ana).put("projects/TIDE/retention/", {"days": 90}).status_code == 403
    assert Program(mai).put("projects/TIDE/retention/", {"days": 90}).json() == {"days": 90}
    assert Program(ana).get("projects/TIDE/retention/").json() == {"days": 90}
    assert Program(mai).put("projects/TIDE/retention/", {"days": None}).json() == {"days": None}


def test_retention_sentence_of_one_day(room, ana):
    assert system_messages.retention_sentence({"name": "Mai", "days": 1}).endswith("older than 1 day are deleted.")
    assert retention.retention_sentence(1) == "Messages older than 1 day are deleted."
