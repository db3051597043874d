"""A restored copy does nothing at a gateway until a person lets it go, and is no longer taken for the board it was."""

import httpx
import pytest
from django.core.management import call_command
from django.urls import reverse

from apps.agents.models import Pause, Run
from apps.agents.runs import dispatch, lifecycle
from apps.agents.runs.actions.pause import pause, resume
from apps.agents.runs.actions.restore import release, restore
from apps.agents.runs.callbacks import reconcile
from apps.agents.tests.factories import run_of
from apps.chat.tests.factories import room_of
from apps.projects.models import Event, Project
from apps.projects.realtime import frames
from apps.tasks import status_notes
from apps.tasks.models import Task
from apps.tasks.tests.factories import BoardFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-39")]
Status = Run.Status
SENTENCE = "Team Board was restored from a backup. A maintainer must resume the agents."


@pytest.fixture(autouse=True)
def room(board):
    return room_of(board)


@pytest.fixture
def other():
    other = BoardFactory(key="OTHER")
    room_of(other)
    return other


@pytest.mark.queue_off
def test_restored_copy_sends_nothing_until_resumed(board, scribe, ana, mai, gateway):
    run = run_of(scribe, ana)
    restore()
    assert dispatch.start_next(scribe.pk, "worker") is None
    assert gateway.posts == []
    assert status_notes.sentence_of(Task.objects.get().status_note) == SENTENCE
    assert resume(board, by=mai)
    assert dispatch.start_next(scribe.pk, "worker") == run
    assert len(gateway.posts) == 1


@pytest.mark.queue_off
def test_restored_copy_does_not_repeat_what_was_being_sent(board, scribe, ana, gateway):
    """Whose worker, on the other board, has it still or has it no more."""
    run = run_of(scribe, ana)
    lifecycle.claim(run, "worker of the other board")
    restore()
    Run.objects.update(lease_until="2020-01-01T00:00Z")
    reconcile.release_expired_leases()
    assert Run.objects.get().status == Status.QUEUED
    assert dispatch.start_next(scribe.pk, "worker") is None
    assert gateway.posts == []


def test_restored_copy_waits_with_what_is_to_be_sent_again(board, scribe, ana, gateway):
    gateway.fails(httpx.ReadTimeout)
    run_of(scribe, ana)
    sent = len(gateway.posts)
    restore()
    Run.objects.update(due_at="2020-01-01T00:00Z")
    assert dispatch.start_next(scribe.pk, "worker") is None
    assert len(gateway.posts) == sent


def test_restore_gives_every_log_a_new_epoch(board, other):
    old = dict(Project.objects.values_list("pk", "epoch"))
    assert restore() == 2
    assert restore() == 2
    new = dict(Project.objects.values_list("pk", "epoch"))
    assert all(new[pk] != epoch for pk, epoch in old.items())
    frame = frames.frame_since(
        board.pk, Project.objects.get(pk=board.pk).last_seq, language="en", epoch=str(old[board.pk])
    )
    assert [op["op"] for op in frame["ops"]] == ["reload"]


def test_restore_leaves_a_pause_of_a_person_alone(board, other, mai):
    pause(board, by=mai)
    restore()
    assert {each.project_id: each.paused_by for each in Pause.objects.all()} == {board.pk: mai, other.pk: None}
    assert release() == 1
    assert Pause.objects.get().paused_by == mai
    assert release() == 0


def test_restore_is_said_on_board_agents_page_and_in_room(board, room, scribe, ana, client):
    restore()
    client.force_login(ana)
    for page in (reverse("tasks:board", args=[board.key]), reverse("agents:agents", args=[board.key])):
        assert "Team Board was restored from a backup." in client.get(page).text
    assert (
        "Team Board was restored from a backup, so all agents are paused." in client.get(room.get_absolute_url()).text
    )
    kinds = Event.objects.filter(project=board, kind__startswith="agents.").order_by("seq")
    call_command("restore", "--release")
    assert list(kinds.values_list("kind", flat=True)) == ["agents.restored", "agents.released"]
    assert "was restored from" not in client.get(reverse("tasks:board", args=[board.key])).text


def test_restore_command_says_what_is_to_be_done(board, other, capsys):
    call_command("restore")
    assert "2 projects have a new log, and their agents are paused" in capsys.readouterr().out
    call_command("restore", "--release")
    assert capsys.readouterr().out == "The agents of 2 projects go on.\n"
    assert not Pause.objects.exists()
