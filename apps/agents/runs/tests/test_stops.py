"""Stop means stop, or says that it does not: what ends here ends at the gateway, too."""

import json
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from django.urls import reverse
from django.utils import timezone

from apps.agents.models import Gateway, Run, StopRequest
from apps.agents.runs import dispatch, lifecycle, prompt, stops
from apps.agents.runs.actions.cancel import cancel
from apps.agents.runs.actions.pause import pause
from apps.agents.runs.actions.retry import retry
from apps.agents.runs.callbacks import results
from apps.agents.tests.factories import agent_in, run_of
from apps.chat.messages.actions.delete import delete
from apps.chat.tests.factories import message_in, room_of
from apps.projects.members import memberships
from apps.projects.models import Event
from apps.tasks import status_notes
from apps.tasks.actions.assign import assign
from apps.tasks.models import Task

pytestmark = pytest.mark.django_db
Status, State, Reason = Run.Status, StopRequest.State, StopRequest.Reason


@pytest.fixture(autouse=True)
def room(board):
    return room_of(board)


@pytest.fixture
def working(scribe, ana, gateway):
    """A run that the gateway has."""
    run = run_of(scribe, ana)
    run.refresh_from_db()
    assert run.status == Status.RUNNING
    return run


def asked(room, scribe, by) -> Run:
    return message_in(room, by, f"@{scribe.slug} look").runs.get()


def answer(gateway, status: int = 200, **value) -> None:
    gateway.stop_answer = lambda request: httpx.Response(status, json=value)


def unreachable(gateway) -> None:
    def fail(request):
        raise httpx.ConnectError("no route", request=request)

    gateway.stop_answer = fail


def ask_again(run: Run) -> None:
    StopRequest.objects.filter(run=run).update(ask_at=timezone.now() - timedelta(seconds=1))
    stops.ask(run.pk)


def sentence(run: Run) -> str:
    return status_notes.sentence_of(Task.objects.get(pk=run.task_id).status_note)


def report(run: Run, status: str = "aborted", kind: str = "run.finished") -> None:
    about = {"teamboardRunId": str(run.pk), "sessionKey": run.gateway_session_key, "status": status}
    results.receive(run.gateway, str(uuid4()), kind, about)


def by_cancel(run: Run, ana, mai) -> None:
    cancel(run, by=ana)


def by_pause(run: Run, ana, mai) -> None:
    pause(run.project, by=mai, stop=True)


def by_unassigning(run: Run, ana, mai) -> None:
    assign(run.task, to=None, by=ana)


def by_giving_to_a_person(run: Run, ana, mai) -> None:
    assign(run.task, to=mai, by=ana)


def by_giving_to_another_agent(run: Run, ana, mai) -> None:
    assign(run.task, to=agent_in(run.project, "Mason").user, by=ana)


def by_taking_the_agent_out(run: Run, ana, mai) -> None:
    memberships.remove(run.project.memberships.get(user=run.agent.user), by=mai)


@pytest.mark.req("FLT-14")
@pytest.mark.parametrize(
    "end",
    [by_cancel, by_pause, by_unassigning, by_giving_to_a_person, by_giving_to_another_agent, by_taking_the_agent_out],
)
def test_run_that_is_ended_here_is_stopped_at_its_gateway(working, ana, mai, gateway, end):
    end(working, ana, mai)
    working.refresh_from_db()
    assert working.status == Status.CANCELLED
    assert gateway.stops == [str(working.pk)]
    assert working.stop_request.state == State.STOPPED


@pytest.mark.req("FLT-14")
def test_run_in_a_room_is_stopped_at_its_gateway(room, scribe, ana, gateway):
    run = asked(room, scribe, ana)
    delete(run.message, by=ana)
    other = asked(room, scribe, ana)
    cancel(other, by=ana)
    assert gateway.stops == [str(run.pk), str(other.pk)]


@pytest.mark.req("FLT-14")
@pytest.mark.queue_off
def test_run_that_was_never_sent_asks_no_gateway(scribe, ana, gateway):
    run = run_of(scribe, ana)
    cancel(run, by=ana)
    assert not StopRequest.objects.exists()


@pytest.mark.req("FLT-14")
@pytest.mark.queue_off
def test_run_that_is_being_sent_is_stopped(scribe, ana, gateway):
    run = run_of(scribe, ana)
    claimed = dispatch.claim_next(scribe.pk, "worker")
    cancel(run, by=ana)
    stops.ask(run.pk)
    dispatch.apply_outcome(claimed, dispatch.send(claimed.run))  # it is admitted all the same
    run.refresh_from_db()
    assert (run.status, run.stop_request.state, gateway.stops) == (Status.CANCELLED, State.STOPPED, [str(run.pk)])


@pytest.mark.req("FLT-14")
def test_retry_of_an_uncertain_run_stops_it(working, ana, gateway):
    Run.objects.filter(pk=working.pk).update(status=Status.UNCERTAIN)
    retry(working, by=ana)
    assert gateway.stops == [str(working.pk)]


@pytest.mark.req("FLT-14")
@pytest.mark.parametrize("result", ["stopped", "ended", "will-not-start"])
def test_stop_is_confirmed_by_the_answer(working, ana, gateway, result):
    answer(gateway, ok=True, result=result)
    cancel(working, by=ana)
    assert sentence(working) == "Ana stopped Scribe."
    assert StopRequest.objects.get().state == State.STOPPED
    assert Event.objects.filter(kind="run.stopped").count() == 1


@pytest.mark.req("FLT-14")
def test_stop_that_must_wait_is_stopping_until_the_report(working, ana, gateway):
    answer(gateway, ok=True, result="will-stop")
    cancel(working, by=ana)
    assert sentence(working) == "Stopping Scribe…"
    report(working)
    assert (StopRequest.objects.get().state, sentence(working)) == (State.STOPPED, "Ana stopped Scribe.")


@pytest.mark.req("FLT-14")
@pytest.mark.parametrize("status", ["aborted", "ok", "error", "timeout"])
def test_stop_is_confirmed_by_any_end_that_is_reported(working, ana, gateway, status):
    unreachable(gateway)
    cancel(working, by=ana)
    report(working, kind="run.interrupted")
    assert StopRequest.objects.get().state == State.UNCONFIRMED
    report(working, status)
    working.refresh_from_db()
    assert (StopRequest.objects.get().state, working.status) == (State.STOPPED, Status.CANCELLED)


@pytest.mark.req("FLT-14")
@pytest.mark.parametrize(
    ("status", "value", "reason", "why"),
    [
        (404, {}, Reason.OLD_PLUGIN, "old plugin"),
        (405, {}, Reason.OLD_PLUGIN, "old plugin"),
        (401, {"error": "not signed with the callback secret"}, Reason.SECRET, "callback secret refused"),
        (401, {"error": "not signed within five minutes of this gateway's clock"}, Reason.CLOCK, "the clocks of"),
        (503, {"error": {"code": "gateway_unavailable"}}, Reason.BUSY, "gateway busy"),
        (500, {"ok": False, "error": "the plugin failed"}, Reason.BUSY, "gateway busy"),
        (200, {"ok": True}, Reason.NO_ANSWER, "no usable answer"),
        (200, {"result": ["stopped"]}, Reason.NO_ANSWER, "no usable answer"),
        (302, {}, Reason.NO_ANSWER, "no usable answer"),
        (None, {}, Reason.UNREACHABLE, "gateway unreachable"),
    ],
)
def test_stop_that_is_not_confirmed_says_why(working, ana, gateway, status, value, reason, why):
    if status is None:
        unreachable(gateway)
    else:
        answer(gateway, status, **value)
    cancel(working, by=ana)
    request = StopRequest.objects.get()
    assert (request.state, request.reason) == (State.UNCONFIRMED, reason)
    assert sentence(working).startswith(f"Stopped here; the agent may still be running ({why}")


@pytest.mark.req("FLT-14", "FLT-3")
def test_stop_is_not_believed_of_a_stranger(working, ana, gateway):
    Gateway.objects.update(callback_secret="another secret than the one that the answer is signed with")
    cancel(Run.objects.with_related().get(pk=working.pk), by=ana)
    request = StopRequest.objects.get()
    assert (request.state, request.reason) == (State.UNCONFIRMED, Reason.NO_ANSWER)


@pytest.mark.req("FLT-14")
def test_stop_is_asked_for_again_until_it_is_known(working, ana, gateway):
    unreachable(gateway)
    cancel(working, by=ana)
    for _ in range(3):
        ask_again(working)
    assert Event.objects.filter(kind="run.stop_unconfirmed").count() == 1
    assert StopRequest.objects.get().ask_at > timezone.now() + timedelta(seconds=5)  # ever later
    stops.ask(working.pk)  # not yet
    assert len(gateway.stops) == 4
    answer(gateway, ok=True, result="stopped")
    ask_again(working)
    assert sentence(working) == "Ana stopped Scribe."
    ask_again(working)
    assert len(gateway.stops) == 5
    assert not stops.due().exists()


@pytest.mark.req("FLT-14")
def test_stop_is_given_up_after_a_day(working, ana, gateway):
    unreachable(gateway)
    cancel(working, by=ana)
    StopRequest.objects.update(requested_at=timezone.now() - timedelta(days=1, minutes=1))
    ask_again(working)
    assert len(gateway.stops) == 1


@pytest.mark.req("FLT-14")
def test_stop_at_a_gateway_that_was_removed_says_so(working, ana, gateway, board):
    Run.objects.filter(pk=working.pk).update(gateway=None)
    cancel(working, by=ana)
    assert "(gateway removed)" in sentence(working)


@pytest.mark.req("FLT-14")
def test_confirmed_stop_leaves_the_note_of_a_newer_attempt(working, ana, gateway):
    unreachable(gateway)
    cancel(working, by=ana)
    retry(working, by=ana)
    before = sentence(working)
    assert before.startswith("The stopped attempt may still be running")
    ask_again(working)
    assert sentence(working) == before


@pytest.mark.req("FLT-14")
def test_retry_waits_for_the_stop_and_then_starts(working, ana, gateway):
    unreachable(gateway)
    cancel(working, by=ana)
    again = retry(working, by=ana)
    again.refresh_from_db()
    assert (again.status, len(gateway.posts)) == (Status.QUEUED, 1)
    report(working)
    again.refresh_from_db()
    assert again.status == Status.RUNNING


@pytest.mark.req("FLT-14")
def test_retry_does_not_wait_for_ever(working, ana, gateway):
    unreachable(gateway)
    cancel(working, by=ana)
    StopRequest.objects.update(holds_session_until=timezone.now())
    again = retry(working, by=ana)
    again.refresh_from_db()
    assert again.status == Status.RUNNING


@pytest.mark.req("FLT-14")
def test_retry_in_a_fresh_session_starts_at_once_and_goes_on_there(client, working, ana, gateway):
    unreachable(gateway)
    cancel(working, by=ana)
    client.force_login(ana)
    panel = client.get(working.task.get_absolute_url()).content.decode()
    assert "Retry in a fresh session" in panel
    assert "Stopped here" in panel
    client.post(reverse("agents:retry", args=[working.pk]), {"fresh": "1"})
    again = Run.objects.get(attempt=2)
    assert again.status == Status.RUNNING
    assert again.session_key != working.session_key
    lifecycle.close(again, Status.FAILED, by=None)
    assert retry(again, by=ana).session_key == again.session_key


@pytest.mark.req("FLT-14")
def test_fresh_session_is_offered_only_while_nobody_knows(client, working, ana, gateway):
    cancel(working, by=ana)
    client.force_login(ana)
    panel = client.get(working.task.get_absolute_url()).content.decode()
    assert ("Retry in a fresh session" in panel, ">Retry<" in panel.replace("</svg>", ">")) == (False, True)


@pytest.mark.req("FLT-14")
def test_fresh_session_in_a_room(room, scribe, ana, gateway):
    unreachable(gateway)
    run = asked(room, scribe, ana)
    cancel(run, by=ana)
    waiting = asked(room, scribe, ana)
    waiting.refresh_from_db()
    assert waiting.status == Status.QUEUED
    again = retry(run, by=ana, fresh=True)
    again.refresh_from_db()
    assert (again.status, again.session_key == run.session_key) == (Status.RUNNING, False)
    assert asked(room, scribe, ana).session_key == again.session_key


@pytest.mark.req("FLT-14")
def test_next_prompt_of_the_session_says_that_the_stopped_request_is_void(working, ana, gateway):
    assert prompt.STOPPED_BEFORE not in gateway.messages[0]
    cancel(working, by=ana)
    again = retry(working, by=ana)
    first, second = gateway.messages[1].split("\n\n")[:2]
    assert (first, second) == (f"[teamboard-run:{again.pk}]", prompt.STOPPED_BEFORE)
    report(again, "ok")
    retry(again, by=ana)
    assert prompt.STOPPED_BEFORE not in gateway.messages[2]


@pytest.mark.req("FLT-14")
def test_prompt_in_a_fresh_session_or_a_new_task_has_nothing_to_void(working, ana, scribe, gateway):
    cancel(working, by=ana)
    retry(working, by=ana, fresh=True)
    run_of(scribe, ana, "Another")
    assert not any(prompt.STOPPED_BEFORE in message for message in gateway.messages)


@pytest.mark.req("FLT-14")
def test_api_tells_how_a_stop_stands(client, working, ana, gateway):
    client.force_login(ana)
    url = f"/api/v1/runs/{working.pk}/"
    assert (client.get(url).json()["stop"], client.get(url).json()["stop_reason"]) == (None, None)
    unreachable(gateway)
    told = client.post(f"{url}cancel/").json()
    assert (told["status"], told["stop"]) == ("cancelled", "unconfirmed")
    assert client.get(url).json()["stop_reason"] == "unreachable"
    again = client.post(f"{url}retry/", {"fresh": True}, "application/json").json()
    assert Run.objects.get(pk=again["id"]).status == Status.RUNNING


@pytest.mark.req("FLT-14")
def test_stop_request_is_signed_and_each_has_its_own_id(working, ana, gateway):
    seen = []

    def keep(request):
        seen.append(request)
        return httpx.Response(200, json={"result": "will-stop"})

    gateway.stop_answer = keep
    cancel(working, by=ana)
    ask_again(working)
    assert {request.url.path for request in seen} == {"/teamboard/control"}
    assert len({json.loads(request.content)["id"] for request in seen}) == 2
    assert not any("authorization" in request.headers for request in seen)  # neither token is needed there
