"""Admitted is not started: what a run says until it begins, and what its session tells where nobody reports."""

import json
from datetime import timedelta
from urllib.parse import unquote

import httpx
import pytest
from django.utils import timezone

from apps.agents import jobs
from apps.agents.gateways import circuit_breaker
from apps.agents.gateways.openclaw_client import Entry, Unreachable
from apps.agents.models import CallbackReport, Gateway, Run
from apps.agents.runs import dispatch, lifecycle, run_notes
from apps.agents.runs.callbacks import reconcile, session_turns
from apps.agents.runs.callbacks.tests.test_results import post, report
from apps.agents.tests.factories import run_of
from apps.projects.models import Event
from apps.tasks import status_notes
from apps.tasks.models import Comment, Task

pytestmark = [pytest.mark.django_db, pytest.mark.queue_off, pytest.mark.req("FLT-13")]
Status = Run.Status


@pytest.fixture
def run(scribe, ana, gateway):
    """A run that the gateway has admitted, and said nothing of since."""
    run = run_of(scribe, ana)
    dispatch.start_next(scribe.pk, "worker")
    return fresh(run)


def fresh(run: Run) -> Run:
    return Run.objects.with_related().get(pk=run.pk)


def note() -> dict:
    return Task.objects.get().status_note


def beat(run, **fields) -> dict:
    now = int(timezone.now().timestamp() * 1000)
    return report(run, "run.beat", **({"createdAt": now, "phase": "thinking", "retry": None} | fields))


def pass_seconds(run, seconds: int) -> None:
    """As if that much time had gone by since the last word of the run."""
    ago = timedelta(seconds=seconds)
    for each in Run.objects.filter(pk=run.pk):
        Run.objects.filter(pk=run.pk).update(
            look_at=each.look_at and each.look_at - ago,
            first_sent_at=each.first_sent_at and each.first_sent_at - ago,
            deadline_at=each.deadline_at and each.deadline_at - ago,
        )


def look(run, seconds: int = 61) -> Run:
    pass_seconds(run, seconds)
    reconcile.look_up_quiet_runs()
    return fresh(run)


def turn_of(run, *rows: dict) -> list[dict]:
    return [{"role": "user", "content": f"[cron:1 TeamBoard] [teamboard-run:{run.pk}]\nDo it."}, *rows]


def answer(text: str = "All done.", seconds_ago: int = 30, **fields) -> dict:
    at = int((timezone.now().timestamp() - seconds_ago) * 1000)
    return {"role": "assistant", "content": text, "stopReason": "stop", "timestamp": at} | fields


# Admitted


def test_admitted_run_is_handed_over_and_not_started(run, columns):
    task = run.task
    assert (run.status, run.started_at, task.column) == (Status.RUNNING, None, columns["ready"])
    assert status_notes.sentence_of(task.status_note) == "Handed to Scribe, not started yet"
    assert (task.status_note["state"], task.status_note["counts"]) == ("queued", True)
    kinds = set(Event.objects.filter(task_id=task.pk).values_list("kind", flat=True))
    assert "run.handed_over" in kinds
    assert "run.started" not in kinds


@pytest.mark.parametrize("kind", ["run.accepted", "run.started"])
def test_run_starts_when_the_gateway_says_so(run, columns, kind):
    assert post(report(run, kind)).json() == {"outcome": "applied"}
    run = fresh(run)
    assert run.started_at is not None
    assert (run.task.column, note()["code"]) == (columns["doing"], "working")
    assert post(report(run, "run.started")).json() == {"outcome": "applied"}
    assert Event.objects.filter(kind="run.started").count() == 1


@pytest.mark.parametrize("kind", ["run.accepted", "run.started", "run.beat"])
def test_run_starts_by_a_report_before_the_answer(scribe, ana, gateway, kind):
    run_of(scribe, ana)
    claim = dispatch.claim_next(scribe.pk, "worker")
    outcome = dispatch.send(claim.run)
    body = beat(claim.run) if kind == "run.beat" else report(claim.run, kind)
    assert post(body).json() == {"outcome": "applied"}
    dispatch.apply_outcome(claim, outcome)
    run = fresh(claim.run)
    assert (run.status, run.started_at is None, note()["code"]) == (Status.RUNNING, False, "working")


@pytest.mark.parametrize("kind", ["run.accepted", "run.started", "run.beat"])
def test_report_of_an_ended_run_does_not_start_it(run, kind):
    post(report(run))
    body = beat(run) if kind == "run.beat" else report(run, kind)
    assert post(body).json() == {"outcome": "ignored"}
    assert fresh(run).status == Status.SUCCEEDED


# Beats


def test_beat_keeps_a_run_from_being_looked_up_and_is_not_stored(run, gateway):
    post(report(run, "run.accepted"))
    logged, stored = Event.objects.count(), CallbackReport.objects.count()
    pass_seconds(run, 61)
    assert post(beat(run)).json() == {"outcome": "applied"}
    assert (Event.objects.count(), CallbackReport.objects.count()) == (logged, stored)
    gateway.history = turn_of(run, answer())
    reconcile.look_up_quiet_runs()
    assert fresh(run).status == Status.RUNNING


def test_beat_says_why_the_run_waits(run):
    post(report(run, "run.accepted"))
    retry = {"attempt": 2, "of": 8, "reason": "server_error"}
    assert post(beat(run, phase="retrying", retry=retry)).json() == {"outcome": "applied"}
    assert status_notes.sentence_of(note()) == "Scribe tries again, 2 of 8: the model's provider has an error."
    changed = Event.objects.count()
    post(beat(run, phase="retrying", retry=retry))
    assert Event.objects.count() == changed
    post(beat(run))
    assert note()["code"] == "working"


@pytest.mark.parametrize(
    "retry",
    [
        {"attempt": None, "of": None, "reason": None},
        {"attempt": -1, "of": 10**9, "reason": ["no"]},
        {"attempt": True, "of": "8", "reason": "x" * 500},
        {},
    ],
)
def test_beat_with_an_odd_reason_says_a_sentence(run, retry):
    assert post(beat(run, phase="retrying", retry=retry)).json() == {"outcome": "applied"}
    assert status_notes.sentence_of(note()) == "Scribe tries again: the model's call failed."


@pytest.mark.parametrize(
    "fields",
    [
        {"createdAt": 0},
        {"createdAt": None},
        {"createdAt": "now"},
        {"createdAt": 10**300},
        {"createdAt": True},
        {"teamboardRunId": None},
        {"sessionKey": "agent:scribe:task:another"},
    ],
)
def test_beat_that_is_stale_or_of_another_run_changes_nothing(run, fields):
    assert post(beat(run, **fields)).json() == {"outcome": "ignored"}
    assert fresh(run).started_at is None


def test_beat_is_refused_without_a_signature(run):
    assert post(beat(run), secret="guess").status_code == 401


# Looks


def test_turn_that_is_not_there_is_sent_again_by_itself(run, gateway, scribe):
    first = fresh(run).send_count
    run = look(run)
    assert (run.status, note()["code"]) == (Status.QUEUED, "starting")
    assert Event.objects.filter(kind="run.sent_again").count() == 1
    dispatch.start_next(scribe.pk, "worker")
    run = fresh(run)
    assert (run.status, run.send_count) == (Status.RUNNING, first + 1)
    assert len({post.content for post in gateway.posts}) == 1
    assert {post.headers["Idempotency-Key"] for post in gateway.posts} == {str(run.pk)}


def test_run_is_not_looked_up_before_a_minute(run):
    assert look(run, 55).status == Status.RUNNING


def test_turn_that_is_there_works(run, gateway, columns):
    gateway.history = turn_of(run)
    run = look(run)
    assert (run.status, run.started_at is None) == (Status.RUNNING, False)
    assert (run.task.column, note()["code"]) == (columns["doing"], "working")
    gateway.history = turn_of(run, {"role": "assistant", "content": "Let me see.", "stopReason": "toolUse"})
    assert look(run).status == Status.RUNNING
    gateway.history = turn_of(run, answer("Half."), {"role": "user", "content": "And the rest?"})
    assert look(run).status == Status.RUNNING
    gateway.history = turn_of(run, answer())
    run = look(run)
    assert (run.status, run.result, run.task.column) == (Status.SUCCEEDED, "All done.", columns["review"])
    assert post(report(run)).status_code == 409
    assert Comment.objects.count() == 1


def test_answer_that_is_fresh_is_left_to_its_report(run, gateway):
    gateway.history = turn_of(run, answer(seconds_ago=2))
    run = look(run)
    assert (run.status, note()["code"]) == (Status.RUNNING, "working")
    gateway.history = turn_of(run, answer(seconds_ago=13))
    assert look(run, 11).status == Status.SUCCEEDED


def test_error_in_the_session_fails_the_run(run, gateway):
    gateway.history = turn_of(run, answer("It broke.", stopReason="error"))
    run = look(run)
    assert (run.status, run.error) == (Status.FAILED, "It broke.")


def test_run_that_has_started_is_never_sent_again(run, gateway):
    post(report(run, "run.accepted"))
    for _ in range(3):
        assert look(run).status == Status.RUNNING
    assert len(gateway.posts) == 1


def unreadable(request):
    raise httpx.ConnectError("nobody there", request=request)


@pytest.mark.parametrize(
    "history",
    [
        unreadable,
        lambda request: httpx.Response(503, json={"error": {"code": "gateway_unavailable"}}),
        lambda request: httpx.Response(401),
        lambda request: httpx.Response(404, text="Not Found"),
        lambda request: httpx.Response(404, json={"detail": "no such route"}),
        lambda request: httpx.Response(200, json=[]),
        lambda request: httpx.Response(200, json={"ok": True}),
        lambda request: httpx.Response(200, json={"items": "many"}),
        lambda request: httpx.Response(200, text="<html>"),
        lambda request: httpx.Response(
            200, json={"items": [{"role": "user", "content": "Hello"}] * 100, "hasMore": True, "nextCursor": "9"}
        ),
    ],
)
def test_session_that_can_not_be_read_sends_nothing_again(run, gateway, history):
    gateway.history = history
    assert look(run).status == Status.RUNNING
    assert run.look_at is not None
    assert len(gateway.posts) == 1
    gateway.history = []
    assert look(run, 11).status == Status.QUEUED


def two_quiet_runs(run, scribe, ana) -> tuple[Run, Run]:
    other = run_of(scribe, ana, "Another task")
    dispatch.start_next(scribe.pk, "worker")
    pass_seconds(run, 70)
    pass_seconds(other, 61)
    return run, fresh(other)


@pytest.mark.parametrize(
    "unusable",
    [
        httpx.Response(401),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"items": "many"}),
        httpx.Response(
            200, json={"items": [{"role": "user", "content": "Hello"}] * 100, "hasMore": True, "nextCursor": "9"}
        ),
    ],
)
def test_session_that_can_not_be_read_holds_up_no_other(run, gateway, scribe, ana, unusable):
    unreadable_one, other = two_quiet_runs(run, scribe, ana)
    empty = {"items": [], "hasMore": False}
    gateway.history = lambda request: (
        unusable if unreadable_one.gateway_session_key in unquote(str(request.url)) else httpx.Response(200, json=empty)
    )
    reconcile.look_up_quiet_runs()
    assert (fresh(unreadable_one).status, fresh(other).status) == (Status.RUNNING, Status.QUEUED)
    assert fresh(unreadable_one).look_at > timezone.now()


def test_gateway_that_is_away_is_asked_once_a_sweep(run, gateway, scribe, ana):
    both, asked = two_quiet_runs(run, scribe, ana), []

    def away(request):
        asked.append(request)
        raise httpx.ConnectError("nobody there", request=request)

    gateway.history = away
    reconcile.look_up_quiet_runs()
    assert len(asked) == 1
    soon = timezone.now() + reconcile.LOOK_AGAIN
    assert all(timezone.now() < fresh(each).look_at <= soon for each in both)


# Overdue


def be_overdue(seconds: int = 60) -> None:
    Run.objects.update(deadline_at=timezone.now() - timedelta(seconds=seconds))


@pytest.mark.parametrize("was_away", [False, True])
def test_overdue_run_that_the_gateway_lost_is_sent_again(run, gateway, scribe, was_away):
    be_overdue()
    if was_away:
        gateway.history = unreadable
        jobs.reconcile_runs()
        assert fresh(run).status == Status.RUNNING
        pass_seconds(run, 20)
    gateway.history = []
    jobs.reconcile_runs()
    assert (fresh(run).status, fresh(run).deadline_at, note()["code"]) == (Status.QUEUED, None, "starting")
    dispatch.start_next(scribe.pk, "worker")
    assert fresh(run).deadline_at > timezone.now()
    assert len({post.content for post in gateway.posts}) == 1


def test_overdue_run_whose_turn_is_there_has_begun(run, gateway):
    gateway.history = turn_of(run)
    be_overdue()
    jobs.reconcile_runs()
    assert (fresh(run).status, note()["code"]) == (Status.RUNNING, "working")
    assert fresh(run).deadline_at > timezone.now()
    be_overdue()
    jobs.reconcile_runs()
    assert fresh(run).status == Status.TIMED_OUT


def test_overdue_run_that_was_sent_too_often_ends(run, gateway):
    Run.objects.update(send_count=dispatch.MAX_SENDS)
    be_overdue()
    jobs.reconcile_runs()
    assert fresh(run).status == Status.TIMED_OUT


def nothing(run) -> session_turns.Turn:
    return session_turns.Turn(is_there=False)


def half(run) -> session_turns.Turn:
    return session_turns.Turn(is_there=True, answer=Entry("assistant", "Half.", stop_reason="stop"))


def unforeseen(run) -> session_turns.Turn:
    raise RuntimeError


def gone(run) -> session_turns.Turn:
    raise Unreachable


@pytest.mark.parametrize("seconds", [60, 2 * 60 * 60])
@pytest.mark.parametrize("kind", ["run.accepted", "run.interrupted", "run.finished"])
@pytest.mark.parametrize("found", [nothing, half, unforeseen, gone, lambda run: None])
def test_report_while_the_session_is_read_wins(run, monkeypatch, seconds, kind, found):
    def find_turn(run):
        assert post(report(run, kind)).status_code == 200
        return found(run)

    monkeypatch.setattr(session_turns, "find_turn", find_turn)
    be_overdue(seconds)
    reconcile.end_overdue_runs()
    assert fresh(run).status == (Status.SUCCEEDED if kind == "run.finished" else Status.RUNNING)
    assert fresh(run).result in ("", report(run)["text"])


@pytest.mark.parametrize(("minutes", "status"), [(5, Status.RUNNING), (61, Status.TIMED_OUT)])
def test_run_that_has_not_begun_waits_for_its_gateway(run, gateway, minutes, status):
    gateway.history = unreadable
    Run.objects.update(deadline_at=timezone.now() - timedelta(minutes=minutes))
    reconcile.end_overdue_runs()
    assert fresh(run).status == status


def test_run_that_has_begun_ends_in_time_without_its_gateway(run, gateway):
    post(report(run, "run.accepted"))
    gateway.history = unreadable
    Run.objects.update(deadline_at=timezone.now() - timedelta(minutes=1))
    reconcile.end_overdue_runs()
    assert fresh(run).status == Status.TIMED_OUT


def test_session_that_the_gateway_does_not_keep_has_no_turn(run, gateway):
    missing = {"ok": False, "error": {"type": "not_found", "message": "Session not found"}}
    gateway.history = lambda request: httpx.Response(404, json=missing)
    assert look(run).status == Status.QUEUED


def test_run_without_a_gateway_token_waits_for_its_reports(run, gateway):
    Gateway.objects.update(gateway_token="")
    run = look(run)
    assert (run.status, run.look_at) == (Status.RUNNING, None)


def test_gateway_that_comes_back_is_looked_at_at_once(run, gateway):
    body = {"event": "gateway.started", "id": "1", "teamboardRunId": None, "sessionKey": None}
    assert post(body).json() == {"outcome": "applied"}
    reconcile.look_up_quiet_runs()
    assert fresh(run).status == Status.QUEUED


def test_gateway_that_is_reached_again_is_looked_at_at_once(run, gateway):
    row = Gateway.objects.get()
    circuit_breaker.record_result(row, reached=False, reason="Nobody there.")
    circuit_breaker.record_result(row, reached=True)
    reconcile.look_up_quiet_runs()
    assert fresh(run).status == Status.QUEUED


@pytest.mark.parametrize(("started_at", "status"), [(None, Status.QUEUED), (5, Status.RUNNING)])
def test_interrupted_run_is_sent_again_unless_it_had_begun(run, gateway, started_at, status):
    assert post(report(run, "run.interrupted", startedAt=started_at)).json() == {"outcome": "applied"}
    reconcile.look_up_quiet_runs()
    assert fresh(run).status == status
    assert note()["code"] == ("starting" if status == Status.QUEUED else "interrupted")


@pytest.mark.parametrize("is_there", [False, True])
def test_run_taken_up_but_not_begun_at_the_crash_is_looked_up(run, gateway, is_there):
    post(report(run, "run.accepted"))
    gateway.history = turn_of(run) if is_there else []
    assert post(report(run, "run.interrupted", startedAt=None)).json() == {"outcome": "applied"}
    assert note()["code"] == "handed_over"
    reconcile.look_up_quiet_runs()
    assert fresh(run).status == (Status.RUNNING if is_there else Status.QUEUED)
    assert note()["code"] == ("working" if is_there else "starting")


def test_resumed_run_is_at_work_again(run):
    post(report(run, "run.accepted"))
    post(report(run, "run.interrupted", startedAt=5))
    assert note()["code"] == "interrupted"
    post(report(run, "run.accepted", runId="resumed"))
    assert note()["code"] == "working"


def test_late_sign_of_life_wins_over_sending_again(run, gateway):
    stale = fresh(run)
    post(report(run, "run.accepted"))
    assert not lifecycle.send_again(stale)
    assert fresh(run).status == Status.RUNNING


def test_send_again_counts_once(run):
    assert [lifecycle.send_again(fresh(run)), lifecycle.send_again(run)] == [True, False]


def test_run_sent_too_often_is_left_as_it_is(run):
    Run.objects.update(send_count=dispatch.MAX_SENDS)
    assert look(run).status == Status.RUNNING


# Uncertain


@pytest.fixture
def uncertain(scribe, ana, gateway):
    """The answer was lost, and the gateway was gone at the second try."""
    run = run_of(scribe, ana)
    for error in (httpx.ReadError, httpx.ConnectError):
        gateway.fails(error)
        Run.objects.update(due_at=timezone.now())
        dispatch.start_next(scribe.pk, "worker")
    run = fresh(run)
    assert run.status == Status.UNCERTAIN
    return run


def test_uncertain_run_that_the_gateway_has_is_settled(uncertain, gateway):
    gateway.history = turn_of(uncertain)
    assert look(uncertain, 1).status == Status.RUNNING
    gateway.history = turn_of(uncertain, answer())
    assert look(uncertain).status == Status.SUCCEEDED


def test_uncertain_run_that_the_gateway_lost_is_sent_again(uncertain, gateway, scribe):
    assert look(uncertain, 1).status == Status.QUEUED
    gateway.answers(200, json={"ok": True, "runId": "gateway-3"})
    Run.objects.update(due_at=timezone.now())
    dispatch.start_next(scribe.pk, "worker")
    assert fresh(uncertain).status == Status.RUNNING


def test_uncertain_run_waits_for_its_gateway_to_be_read(uncertain, gateway):
    gateway.history = unreadable
    run = look(uncertain, 1)
    assert (run.status, note()["code"]) == (Status.UNCERTAIN, "uncertain")
    gateway.history = []
    assert look(run, 11).status == Status.QUEUED


def test_uncertain_run_without_a_gateway_token_is_a_persons(uncertain):
    Gateway.objects.update(gateway_token="")
    assert look(uncertain).status == Status.UNCERTAIN


def test_sentences_of_all_retry_reasons_are_sentences():
    for reason in (*run_notes.RETRY_REASONS, "", "new_to_us"):
        facts = {"agent": "Scribe", "number": 2, "of": 8, "reason": reason}
        assert status_notes.sentence_of(
            {"state": "working", "code": "retrying", "facts": json.loads(json.dumps(facts))}
        )
