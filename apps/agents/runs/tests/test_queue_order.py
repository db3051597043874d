"""The sentence is the scheduler's, also while something is sent; a probe is taken last; priority moves in line."""

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.agents.gateways import circuit_breaker, openclaw_client
from apps.agents.models import Agent, Gateway, Run
from apps.agents.runs import dispatch, lifecycle, wait_reasons
from apps.agents.runs.actions.pause import pause
from apps.agents.runs.states import Status
from apps.agents.tests.factories import agent_in, run_of
from apps.chat.tests.factories import room_of
from apps.projects.models import Event
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.actions.edit import edit
from apps.tasks.models import Task
from apps.tasks.tests.factories import BoardFactory, task_in

pytestmark = [pytest.mark.django_db, pytest.mark.queue_off, pytest.mark.req("FLT-17")]


def note_of(run: Run) -> dict:
    return Task.objects.get(pk=run.task_id).status_note


def claimed(agent: Agent) -> Run | None:
    claim = dispatch.claim_next(agent.pk, "worker")
    return claim and claim.run


def be_half_open(gateway: Gateway) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Gateway.objects.filter(pk=gateway.pk).update(failures=circuit_breaker.MAX_FAILURES, retry_at=past, down_since=past)


@pytest.fixture
def waiting(scribe, ana):
    """A run that has said why it waits, and may start by now."""
    Agent.objects.update(max_concurrent=1)
    busy, run = run_of(scribe, ana, "Busy"), run_of(scribe, ana, "Waits")
    assert note_of(run)["code"] == "agent_full"
    lifecycle.close(busy, Status.CANCELLED, by=ana)
    return run


def test_run_that_takes_long_to_be_sent_no_longer_says_why_it_waited(scribe, waiting, gateway, monkeypatch):
    seen, show_sending, post_run = [], lifecycle.show_sending, openclaw_client.OpenClawClient.post_run

    async def post_slowly(client, *request):
        await asyncio.sleep(5 * dispatch.SHOWN_AFTER)
        return await post_run(client, *request)

    def show_and_look(run):
        show_sending(run)
        seen.append(note_of(waiting)["code"])

    monkeypatch.setattr(dispatch, "SHOWN_AFTER", 0.02)
    monkeypatch.setattr(openclaw_client.OpenClawClient, "post_run", post_slowly)
    monkeypatch.setattr(lifecycle, "show_sending", show_and_look)
    dispatch.start_next(scribe.pk, "worker")
    assert seen == ["starting"]
    assert note_of(waiting)["code"] == "handed_over"


def test_run_that_is_sent_at_once_says_no_more_than_that(scribe, waiting, gateway, monkeypatch):
    monkeypatch.setattr(dispatch, "SHOWN_AFTER", 60)
    before = Event.objects.latest("pk")
    dispatch.start_next(scribe.pk, "worker")
    assert list(Event.objects.filter(pk__gt=before.pk).values_list("kind", flat=True)) == ["run.handed_over"]


def test_run_that_says_it_starts_is_sent_without_another_word(scribe, ana, gateway):
    run_of(scribe, ana)
    before = Event.objects.count()
    claim = dispatch.claim_next(scribe.pk, "worker")
    lifecycle.show_sending(claim.run)
    assert Event.objects.count() == before


def test_late_word_of_a_send_does_not_cover_what_came_after(scribe, ana):
    Agent.objects.update(max_concurrent=1)
    busy, run = run_of(scribe, ana, "Busy"), run_of(scribe, ana, "Waits")
    lifecycle.close(busy, Status.CANCELLED, by=ana)
    claim = dispatch.claim_next(scribe.pk, "worker")
    lifecycle.begin(Run.objects.with_related().get(pk=run.pk))
    lifecycle.show_sending(claim.run)
    assert note_of(run)["code"] == "working"


@pytest.mark.parametrize(("sending", "code"), [(7, "starting"), (8, "gateway_busy")])
def test_cards_behind_eight_sends_name_the_gateway(board, scribe, ana, sending, code):
    circuit_breaker.note_admission(scribe.gateway)
    other = agent_in(board, "Other", gateway=scribe.gateway, max_concurrent=20)
    for number in range(sending):
        run_of(scribe if number % 2 else other, ana, f"Sent {number}")
    Run.objects.update(status=Status.SENDING)
    Agent.objects.update(max_concurrent=20)
    waits = run_of(other, ana, "Waits")
    assert note_of(waits)["code"] == code
    assert claimed(other) == (waits if code == "starting" else None)


@pytest.mark.parametrize("obstacle", ["full", "paused", "delayed", "stale", "disabled"])
def test_run_that_does_not_go_out_leaves_the_probe_to_others(board, scribe, ana, mai, obstacle):
    elsewhere = BoardFactory(name="Other", key="OTHER")
    member = MembershipFactory(project=elsewhere).user
    other = agent_in(elsewhere, "Other", gateway=scribe.gateway)
    run = run_of(scribe, ana)
    wanted = run_of(other, member)
    be_half_open(scribe.gateway)
    long_ago = timezone.now() - timedelta(hours=1)
    room_of(board)
    {
        "full": lambda: Run.objects.filter(pk__in=[run_of(scribe, ana).pk, run_of(scribe, ana).pk]).update(
            status=Status.RUNNING
        ),
        "paused": lambda: pause(board, by=mai),
        "delayed": lambda: Run.objects.filter(pk=run.pk).update(due_at=timezone.now() + timedelta(hours=1)),
        "stale": lambda: Run.objects.filter(pk=run.pk).update(first_sent_at=long_ago),
        "disabled": lambda: Agent.objects.filter(pk=scribe.pk).update(is_enabled=False),
    }[obstacle]()
    for _ in range(20):
        claimed(scribe)
        wait_reasons.refresh(Agent.objects.get(pk=scribe.pk))
    assert claimed(other) == wanted


def test_higher_priority_moves_a_waiting_task_up_in_line(scribe, ana):
    Agent.objects.update(max_concurrent=1)
    first, second, third = (run_of(scribe, ana, title) for title in ("First", "Second", "Third"))
    assert (note_of(second)["facts"]["place"], note_of(third)["facts"]["place"]) == (2, 3)
    edit(third.task, by=ana, priority=Task.Priority.URGENT)
    third.refresh_from_db()
    assert third.priority == Task.Priority.URGENT
    assert (note_of(first)["facts"]["place"], note_of(second)["facts"]["place"]) == (2, 3)
    assert note_of(third)["code"] == "starting"
    assert claimed(scribe) == third


def test_lower_priority_lets_others_pass(scribe, ana):
    first, second = run_of(scribe, ana, "First"), run_of(scribe, ana, "Second")
    edit(first.task, by=ana, priority=Task.Priority.LOW)
    assert claimed(scribe) == second


def test_priority_changed_while_it_is_sent_counts_when_it_waits_again(scribe, ana):
    run, other = run_of(scribe, ana, "First"), run_of(scribe, ana, "Second")
    assert claimed(scribe) == run
    edit(run.task, by=ana, priority=Task.Priority.LOW)
    Run.objects.filter(pk=run.pk).update(status=Status.QUEUED, first_sent_at=None)
    assert claimed(scribe) == other


def test_other_edits_move_nothing(scribe, ana, columns):
    run, idle = run_of(scribe, ana), task_in(columns["ready"])
    edit(run.task, by=ana, title="Other")
    edit(idle, by=ana, priority=Task.Priority.URGENT)
    run.refresh_from_db()
    assert run.priority == Task.Priority.NORMAL
