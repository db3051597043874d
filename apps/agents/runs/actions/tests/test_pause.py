"""One switch stops all agents of a project within seconds, and nothing that was asked of them is lost."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.urls import reverse

from apps.agents.models import Pause, Run
from apps.agents.roster.actions.set_projects import set_projects
from apps.agents.runs import dispatch, queue
from apps.agents.runs.actions.pause import pause, resume
from apps.agents.tests.factories import agent_in, run_of
from apps.chat.messages import render
from apps.chat.tests.factories import room_of
from apps.projects.models import Event
from apps.projects.tests.factories import MembershipFactory
from apps.tasks import status_notes
from apps.tasks.models import Task
from apps.tasks.tests.factories import BoardFactory, task_in

pytestmark = pytest.mark.django_db
Status = Run.Status


@pytest.fixture(autouse=True)
def room(board):
    return room_of(board)


def codes() -> set[str]:
    """What the cards say about their runs."""
    return {task.status_note["code"] for task in Task.objects.all()}


def kinds() -> list[str]:
    return list(Event.objects.filter(kind__startswith="agents.").order_by("seq").values_list("kind", flat=True))


@pytest.mark.req("G6")
def test_pause_cancels_runs_at_work_and_queues_them_again(board, scribe, ana, ben, gateway):
    working = run_of(scribe, ana)
    assert codes() == {"working"}
    pause(board, by=ben)
    working.refresh_from_db()
    again = Run.objects.queued().get()
    assert working.status == Status.CANCELLED
    assert (again.task, again.attempt, again.requested_by) == (working.task, 2, ana)
    assert status_notes.sentence_of(Task.objects.get().status_note) == "All agents of this project are paused by Ben."
    assert len(gateway.posts) == 1


@pytest.mark.req("G6")
def test_pause_is_the_reason_of_what_waits_until_resume(board, scribe, ana, ben, gateway):
    for number in range(3):
        run_of(scribe, ana, f"Task {number}")
    assert codes() == {"working", "agent_full"}
    pause(board, by=ben)
    assert (codes(), scribe.runs.busy().count()) == ({"paused"}, 0)
    assert resume(board, by=ana)
    assert (codes(), scribe.runs.busy().count()) == ({"working", "agent_full"}, 2)
    assert kinds() == ["agents.paused", "agents.resumed"]


def test_pause_stops_no_run_of_another_project(board, scribe, ana, gateway):
    run_of(scribe, ana)
    other = BoardFactory(key="OTHER")
    set_projects(scribe, [board, other])
    pause(board, by=ana)
    eve = MembershipFactory(project=other).user
    elsewhere = queue.assign_now(scribe, task_in(other.columns.get(category="ready")), by=eve, queue=True)
    elsewhere.refresh_from_db()
    assert elsewhere.status == Status.RUNNING
    assert not scribe.runs.busy().filter(project=board).exists()


def test_pause_repeated_changes_nothing(board, ana, ben):
    first = pause(board, by=ana)
    assert pause(board, by=ben) == first
    assert Pause.objects.get().paused_by == ana
    assert resume(board, by=ben)
    assert not resume(board, by=ben)
    assert kinds() == ["agents.paused", "agents.resumed"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.queue_off
@pytest.mark.req("G6")
def test_pause_ends_runs_that_are_claimed_at_once(board, ana, gateway):
    scribe = agent_in(board, max_concurrent=8)
    for number in range(6):
        run_of(scribe, ana, f"Task {number}")

    def in_own_connection(call):
        try:
            return call()
        finally:
            connection.close()

    calls = [lambda: dispatch.claim_next(scribe.pk, "w")] * 6
    calls.insert(3, lambda: pause(board, by=ana))
    with ThreadPoolExecutor(7) as pool:
        list(pool.map(in_own_connection, calls))
    assert not Run.objects.busy().exists()
    assert Run.objects.queued().count() == 6


def test_pause_page_shows_the_agents_and_pauses_them(client, board, scribe, ana):
    client.force_login(ana)
    page = reverse("agents:agents", args=[board.key])
    assert "Scribe" in client.get(page).content.decode()
    client.post(reverse("agents:pause", args=[board.key]))
    assert "Ana has paused all agents here." in client.get(page).content.decode()
    client.post(reverse("agents:resume", args=[board.key]))
    assert not Pause.objects.exists()


def test_pause_is_posted_in_the_room_with_its_author(room, board, ana, ben):
    pause(board, by=ana)
    resume(board, by=ben)
    told = render.render_messages(render.with_related(room.messages.all())).values()
    assert ["Ana has paused all agents." in html for html in told] == [True, False]
    assert ["Ben lets the agents go on." in html for html in told] == [False, True]
