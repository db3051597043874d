"""A stop reaches a gateway that the board can't call: in the answer to whatever it reports."""

import hashlib
import hmac
import json
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from django.utils import timezone

from apps.agents.models import Gateway, Run, StopRequest
from apps.agents.runs import stops
from apps.agents.runs.actions.cancel import cancel
from apps.agents.runs.callbacks.tests.test_results import URL, post, report
from apps.agents.tests.factories import GatewayFactory, agent_in, run_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-14")]
State, Reason = StopRequest.State, StopRequest.Reason


@pytest.fixture
def cancelled(scribe, ana, gateway):
    """A run that ended here and goes on at its gateway, which the board can't call."""

    def fail(request):
        raise httpx.ConnectError("no route", request=request)

    gateway.stop_answer = fail
    run = run_of(scribe, ana)
    cancel(run, by=ana)
    assert stop_of(run).state == State.UNCONFIRMED
    return run


def stop_of(run: Run) -> StopRequest:
    return StopRequest.objects.get(run_key=run.pk)


def told(run: Run, result, **fields):
    return post(
        {"event": "stop.answered", "id": str(uuid4()), "teamboardRunId": str(run.pk), "result": result} | fields
    )


def beat(run: Run) -> dict:
    now = int(timezone.now().timestamp() * 1000)
    return report(run, "run.beat", createdAt=now, phase="thinking", retry=None)


def of_gateway(kind: str) -> dict:
    return {"event": kind, "id": str(uuid4()), "sessionKey": None, "teamboardRunId": None}


REPORTS = {
    "run.accepted": lambda run: report(run, "run.accepted"),
    "run.started": lambda run: report(run, "run.started"),
    "run.interrupted": lambda run: report(run, "run.interrupted"),
    "run.beat": beat,
    "run.dropped": lambda run: report(run, "run.dropped", teamboardRunId=None),
    "gateway.started": lambda run: of_gateway("gateway.started"),
    "gateway.checked": lambda run: of_gateway("gateway.checked"),
    "something new": lambda run: of_gateway("run.dreamt"),
}


@pytest.mark.parametrize("made", REPORTS.values(), ids=REPORTS)
def test_answer_to_any_report_names_what_is_to_stop(cancelled, made):
    assert post(made(cancelled)).json()["stops"] == [str(cancelled.pk)]


def test_answer_to_a_result_that_came_too_late_names_it_too(cancelled, scribe, ana):
    other = run_of(scribe, ana)
    cancel(other, by=ana)
    answer = post(report(cancelled))
    assert (answer.status_code, answer.json()["stops"]) == (409, [str(other.pk)])  # and not what it confirms itself


def test_answer_is_signed_over_the_report(cancelled):
    answer = post(beat(cancelled))
    given = answer.wsgi_request.headers["X-Teamboard-Signature"]
    mac = hmac.new(b"callback-secret", f"answer.{given}.".encode() + answer.content, hashlib.sha256)
    assert answer["X-Teamboard-Signature"] == f"sha256={mac.hexdigest()}"


def test_answer_to_an_unsigned_report_is_not_signed(client, cancelled):
    raw = json.dumps(beat(cancelled))
    answer = client.post(URL, raw, "application/json", headers={"authorization": "Bearer callback-secret"})
    assert answer.status_code == 200
    assert "X-Teamboard-Signature" not in answer


def test_refused_report_is_told_nothing(cancelled):
    answer = post(beat(cancelled), secret="another")
    assert answer.status_code == 401
    assert str(cancelled.pk) not in answer.content.decode()
    assert "X-Teamboard-Signature" not in answer


def test_answer_names_runs_of_this_gateway_alone(cancelled, board, ana, gateway):
    other = agent_in(board, "Mason", gateway=GatewayFactory(callback_secret="of the other"))
    run = run_of(other, ana)
    assert "stops" not in post(beat(run), secret="of the other").json()
    cancel(run, by=ana)
    assert post(beat(run), secret="of the other").json()["stops"] == [str(run.pk)]


def test_answer_names_a_stop_for_a_day(cancelled):
    StopRequest.objects.update(requested_at=timezone.now() - timedelta(days=1, minutes=1))
    assert "stops" not in post(beat(cancelled)).json()


@pytest.mark.parametrize("result", ["stopped", "ended", "will-not-start"])
def test_stop_is_known_by_what_the_plugin_tells(cancelled, result):
    answer = told(cancelled, result)
    assert (answer.status_code, answer.json()) == (200, {"outcome": "applied"})
    assert stop_of(cancelled).state == State.STOPPED
    assert "stops" not in post(beat(cancelled)).json()


def test_stop_that_must_wait_is_stopping_and_named_again(cancelled):
    answer = told(cancelled, "will-stop")
    assert answer.json() == {"outcome": "applied"}  # or plugin and board would answer each other for ever
    assert (stop_of(cancelled).state, stop_of(cancelled).reason) == (State.STOPPING, Reason.PENDING)
    assert post(beat(cancelled)).json()["stops"] == [str(cancelled.pk)]


@pytest.mark.parametrize("result", [None, [], {}, 1, ["stopped"]])
def test_told_stop_that_is_no_word_changes_nothing(cancelled, result):
    assert told(cancelled, result).json() == {"outcome": "ignored"}
    assert stop_of(cancelled).state == State.UNCONFIRMED


@pytest.mark.parametrize("run", [None, "", "x", [], {}, "454d1f52-ff1e-4aff-a015-d1db0c11e164"])
def test_told_stop_of_no_run_changes_nothing(cancelled, run):
    assert told(cancelled, "stopped", teamboardRunId=run).json() == {"outcome": "ignored"}
    assert stop_of(cancelled).state == State.UNCONFIRMED


def test_told_stop_of_another_gateways_run_changes_nothing(cancelled):
    GatewayFactory(callback_secret="of the other")
    body = {"event": "stop.answered", "id": str(uuid4()), "teamboardRunId": str(cancelled.pk), "result": "stopped"}
    assert post(body, secret="of the other").json() == {"outcome": "ignored"}
    assert stop_of(cancelled).state == State.UNCONFIRMED


def test_gateway_without_its_secret_is_not_asked(cancelled, gateway):
    before = len(gateway.stops)
    Gateway.objects.update(callback_secret="")
    StopRequest.objects.update(ask_at=timezone.now() - timedelta(seconds=1))
    stops.ask(cancelled.pk)
    assert (len(gateway.stops), stop_of(cancelled).reason) == (before, Reason.NO_GATEWAY)
