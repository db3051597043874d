"""One switch stops all agents of a project within seconds, and nothing that was asked of them is lost."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.db import connection
from django.urls import reverse

from apps.agents.models import Agent, Pause, Run
from apps.agents.roster.actions.set_projects import set_projects
from apps.agents.runs import dispatch, lifecycle, queue
from apps.agents.runs.actions.pause import pause, resume
from apps.agents.tests.factories import agent_in, run_of
from apps.chat.messages import render
from apps.chat.tests.factories import room_of
from apps.errors import NotAllowed
from apps.projects.models import Event, Role
from apps.projects.realtime import frames
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


@pytest.mark.req("FLT-15")
def test_pause_lets_running_attempts_finish(board, scribe, ana, mai, gateway):
    working = run_of(scribe, ana)
    pause(board, by=mai)
    working.refresh_from_db()
    assert (working.status, codes()) == (Status.RUNNING, {"handed_over"})
    assert not Run.objects.queued().exists()


@pytest.mark.req("G6", "FLT-15")
def test_pause_stops_what_runs_and_queues_it_again(board, scribe, ana, mai, gateway):
    working = run_of(scribe, ana)
    assert codes() == {"handed_over"}
    pause(board, by=mai, stop=True)
    working.refresh_from_db()
    again = Run.objects.queued().get()
    assert working.status == Status.CANCELLED
    assert (again.task, again.attempt, again.requested_by) == (working.task, 2, ana)
    assert status_notes.sentence_of(Task.objects.get().status_note) == "All agents of this project are paused by Mai."
    assert len(gateway.posts) == 1


@pytest.mark.req("FLT-15")
def test_pause_keeps_the_place_of_what_it_stops(board, scribe, ana, mai, gateway):
    for number in range(4):  # two work, two wait
        run_of(scribe, ana, f"Task {number}")
    pause(board, by=mai, stop=True)
    in_line = Run.objects.queued().order_by("-priority", "queued_at").values_list("task__title", flat=True)
    assert list(in_line) == ["Task 0", "Task 1", "Task 2", "Task 3"]
    resume(board, by=mai)
    assert set(scribe.runs.busy().values_list("task__title", flat=True)) == {"Task 0", "Task 1"}
    pause(board, by=mai, stop=True)  # and once more
    assert list(in_line.all()) == ["Task 0", "Task 1", "Task 2", "Task 3"]


@pytest.mark.req("FLT-15")
def test_pause_stops_what_may_have_begun(board, scribe, ana, mai, gateway):
    gateway.fails(httpx.ReadTimeout)  # sent, the answer was lost: it waits to be sent again
    run = run_of(scribe, ana)
    assert Run.objects.get(pk=run.pk).status == Status.QUEUED
    pause(board, by=mai, stop=True)
    assert [each.status for each in Run.objects.order_by("attempt")] == [Status.CANCELLED, Status.QUEUED]


@pytest.mark.req("FLT-15")
def test_pause_that_let_finish_may_still_stop(board, scribe, ana, ben, mai, gateway):
    run_of(scribe, ana)
    pause(board, by=mai)
    pause(board, by=mai, stop=True)
    assert not Run.objects.busy().exists()
    assert kinds() == ["agents.paused"]


@pytest.mark.req("G6", "FLT-15")
@pytest.mark.queue_off
def test_pause_is_said_on_every_waiting_card_without_a_worker(board, scribe, ana, mai):
    for number in range(3):
        run_of(scribe, ana, f"Task {number}")
    lifecycle.claim(Run.objects.earliest("queued_at"), "dead worker")  # which would say so after its answer
    pause(board, by=mai)
    waiting = Run.objects.queued().values_list("task__status_note__code", flat=True)
    assert list(waiting) == ["paused", "paused"]
    resume(board, by=mai)
    assert "paused" not in codes()


@pytest.mark.req("FLT-15")
@pytest.mark.parametrize("switch", [pause, resume])
def test_pause_and_resume_are_the_maintainers(board, ana, mai, switch):
    with pytest.raises(NotAllowed, match="Only maintainers"):
        switch(board, by=ana)
    switch(board, by=mai)


@pytest.mark.req("G6")
def test_pause_is_the_reason_of_what_waits_until_resume(board, scribe, ana, mai, gateway):
    for number in range(3):
        run_of(scribe, ana, f"Task {number}")
    assert codes() == {"handed_over", "agent_full"}
    pause(board, by=mai, stop=True)
    assert (codes(), scribe.runs.busy().count()) == ({"paused"}, 0)
    assert resume(board, by=mai)
    assert (codes(), scribe.runs.busy().count()) == ({"handed_over", "agent_full"}, 2)
    assert kinds() == ["agents.paused", "agents.resumed"]


def test_pause_stops_no_run_of_another_project(board, scribe, ana, mai, gateway):
    run_of(scribe, ana)
    other = BoardFactory(key="OTHER")
    set_projects(scribe, [board, other])
    pause(board, by=mai, stop=True)
    eve = MembershipFactory(project=other).user
    elsewhere = queue.assign_now(scribe, task_in(other.columns.get(category="ready")), by=eve, queue=True)
    elsewhere.refresh_from_db()
    assert elsewhere.status == Status.RUNNING
    assert not scribe.runs.busy().filter(project=board).exists()


def test_pause_repeated_changes_nothing(board, mai):
    kim = MembershipFactory(project=board, role=Role.OWNER).user
    first = pause(board, by=mai)
    assert pause(board, by=kim) == first
    assert Pause.objects.get().paused_by == mai
    assert resume(board, by=kim)
    assert not resume(board, by=kim)
    assert kinds() == ["agents.paused", "agents.resumed"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.queue_off
@pytest.mark.req("G6")
def test_pause_ends_runs_that_are_claimed_at_once(board, ana, mai, gateway):
    scribe = agent_in(board, max_concurrent=8)
    for number in range(6):
        run_of(scribe, ana, f"Task {number}")

    def in_own_connection(call):
        try:
            return call()
        finally:
            connection.close()

    calls = [lambda: dispatch.claim_next(scribe.pk, "w")] * 6
    calls.insert(3, lambda: pause(board, by=mai, stop=True))
    with ThreadPoolExecutor(7) as pool:
        list(pool.map(in_own_connection, calls))
    assert not Run.objects.busy().exists()
    assert Run.objects.queued().count() == 6


@pytest.mark.req("FLT-15")
def test_pause_page_asks_what_becomes_of_running_attempts(client, board, scribe, ana, mai, gateway):
    run_of(scribe, ana)
    client.force_login(mai)
    page = reverse("agents:agents", args=[board.key])
    question = reverse("agents:pause", args=[board.key])
    assert question in client.get(page).content.decode()
    asked = client.get(question).content.decode()
    assert "1 attempt is running." in asked
    assert "Pause and let attempts finish" in asked
    client.post(question, {"running": "finish"})
    assert scribe.runs.busy().exists()
    assert "<bdi>Mai</bdi> paused all agents of this project." in client.get(page).content.decode()
    client.post(question, {"running": "stop"})
    assert not scribe.runs.busy().exists()
    client.post(reverse("agents:resume", args=[board.key]))
    assert not Pause.objects.exists()


@pytest.mark.req("FLT-15")
def test_pause_buttons_are_the_maintainers(client, board, scribe, ana, mai):
    page = reverse("agents:agents", args=[board.key])
    client.force_login(ana)
    assert "Pause agents" not in client.get(page).content.decode()
    assert client.get(reverse("agents:pause", args=[board.key])).status_code == 403
    assert client.post(reverse("agents:pause", args=[board.key])).status_code == 403
    pause(board, by=mai)
    assert "Resume agents" not in client.get(page).content.decode()
    assert client.post(reverse("agents:resume", args=[board.key])).status_code == 403


@pytest.mark.req("FLT-15")
def test_pause_by_the_api_says_what_becomes_of_running_attempts(client, board, scribe, ana, mai, gateway):
    run_of(scribe, ana)
    client.force_login(mai)
    url = f"/api/v1/projects/{board.key}/pause/"
    assert client.post(url, {"running": "kill"}, "application/json").status_code == 400
    assert not Pause.objects.exists()
    assert client.post(url, {}, "application/json").status_code == 200
    assert scribe.runs.busy().exists()
    assert client.post(url, {"running": "stop"}, "application/json").status_code == 200
    assert not scribe.runs.busy().exists()


@pytest.mark.req("FLT-15")
def test_paused_agents_are_not_about_to_start(client, board, scribe, ana, mai, gateway):
    idle = agent_in(board, "Mason")
    working = agent_in(board, "Tiler")
    run_of(working, ana)
    pause(board, by=mai)
    run_of(scribe, ana)
    client.force_login(ana)
    page = client.get(reverse("agents:agents", args=[board.key])).content.decode()
    assert "About to start" not in page
    assert (page.count(">Paused<"), page.count(">Working<")) == (2, 1)
    statuses = {agent.name: (agent.status, agent.status_in(is_paused=True)) for agent in Agent.objects.all()}
    assert statuses == {"Scribe": ("paused", "paused"), "Mason": ("idle", "paused"), "Tiler": ("working", "working")}
    assert {agent.name: agent.status for agent in Agent.objects.with_load()} == {
        "Scribe": "paused",
        idle.name: "idle",
        working.name: "working",
    }


@pytest.mark.req("FLT-15")
def test_pause_stands_above_the_board_and_comes_and_goes_live(client, board, ana, mai):
    def drawn(since: int) -> str:
        [op] = [op for op in frames.frame_since(board.pk, since, language="en")["ops"] if op["id"] == "board-banner"]
        return op["html"]

    client.force_login(ana)
    page = reverse("tasks:board", args=[board.key])
    assert "paused all agents" not in client.get(page).content.decode()
    pause(board, by=mai)
    assert "<bdi>Mai</bdi> paused all agents of this project." in client.get(page).content.decode()
    assert "<bdi>Mai</bdi> paused all agents of this project." in drawn(0)
    board.refresh_from_db()
    resume(board, by=mai)
    assert "paused all agents" not in drawn(board.last_seq)


def test_pause_is_posted_in_the_room_with_its_author(room, board, mai):
    kim = MembershipFactory(project=board, role=Role.OWNER, user__name="Kim").user
    pause(board, by=mai)
    resume(board, by=kim)
    told = render.render_messages(render.with_related(room.messages.all())).values()
    assert ["Mai paused all agents." in html for html in told] == [True, False]
    assert ["Kim resumed all agents." in html for html in told] == [False, True]
