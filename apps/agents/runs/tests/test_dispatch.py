from concurrent.futures import ThreadPoolExecutor
from copy import copy
from datetime import timedelta

import httpx
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.agents.gateways import circuit_breaker
from apps.agents.models import Gateway, Run
from apps.agents.runs import dispatch, lifecycle, queue, wait_reasons
from apps.agents.runs.actions.retry import retry
from apps.agents.runs.callbacks import reconcile, session_turns
from apps.agents.tests.factories import agent_in, run_of
from apps.errors import Refused
from apps.projects.models import Event
from apps.tasks.actions.assign import assign
from apps.tasks.models import Task
from apps.tasks.tests.factories import task_in

pytestmark = [pytest.mark.django_db, pytest.mark.queue_off]
Status = Run.Status


def start(agent) -> Run | None:
    run = dispatch.start_next(agent.pk, "worker-1")
    if run:
        run.refresh_from_db()
    return run


def later(run, **ago):
    """Move the run's past back, as if that much time had gone by."""
    moment = timezone.now() - timedelta(**ago)
    Run.objects.filter(pk=run.pk).update(first_sent_at=moment, due_at=moment, lease_until=moment)


@pytest.mark.req("D1", "D2")
def test_assign_makes_task_run_note_and_events_together(columns, scribe, ana):
    task = task_in(columns["ready"])
    assign(task, to=scribe.user, by=ana, prompt="Be brief.")
    run = task.runs.get()
    task.refresh_from_db()
    assert (run.status, run.prompt, run.requested_by, run.session_key) == (
        Status.QUEUED,
        "Be brief.",
        ana,
        f"task:{task.uid}",
    )
    assert task.status_note["code"] == "starting"
    kinds = set(Event.objects.filter(task_id=task.pk).values_list("kind", flat=True))
    assert kinds == {"task.created", "task.assigned", "run.queued"}


@pytest.mark.req("D1")
@pytest.mark.parametrize("prompt", ["x" * (queue.PROMPT_BYTES + 1), "ж" * (queue.PROMPT_BYTES // 2 + 1)])
def test_assign_that_is_refused_leaves_nothing(columns, scribe, ana, prompt):
    task = task_in(columns["ready"])
    with pytest.raises(queue.PromptTooLarge):
        assign(task, to=scribe.user, by=ana, prompt=prompt)
    task.refresh_from_db()
    assert (task.assignee, task.status_note, Run.objects.count()) == (None, None, 0)
    assert not Event.objects.filter(kind="task.assigned").exists()


@pytest.mark.req("D4")
def test_send_repeats_the_same_bytes_and_key(scribe, ana, gateway):
    run = run_of(scribe, ana)
    gateway.answers(503)
    for _ in range(3):
        start(scribe)
        Run.objects.update(due_at=timezone.now())
    assert len({post.content for post in gateway.posts}) == 1
    assert {post.headers["Idempotency-Key"] for post in gateway.posts} == {str(run.pk)}
    assert len(gateway.posts) == 3


def test_dispatch_takes_few_statements(scribe, ana, gateway):
    run_of(scribe, ana)
    with CaptureQueriesContext(connection) as done:
        assert dispatch.start_next(scribe.pk, "worker-1")
    asked = [query["sql"] for query in done if "SAVEPOINT" not in query["sql"]]
    assert len(asked) <= 12, asked  # one of them notes once a minute that its gateway takes work


def test_begun_run_moves_its_card_to_in_progress(columns, scribe, ana, gateway):
    run = start(scribe) if run_of(scribe, ana) else None
    task = run.task
    assert (run.status, run.gateway_run_id) == (Status.RUNNING, "gateway-1")
    assert run.deadline_at > timezone.now() + timedelta(seconds=590)
    assert [lifecycle.begin(run), lifecycle.begin(run)] == [True, False]
    task.refresh_from_db()
    assert (task.column, task.status_note["state"]) == (columns["doing"], "working")


@pytest.mark.req("D5")
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413])
def test_refusal_fails_the_run_with_its_reason_on_the_card(scribe, ana, gateway, status):
    run_of(scribe, ana)
    gateway.answers(status, json={"error": "not like that"})
    run = start(scribe)
    assert run.status == Status.FAILED
    assert "not like that" in run.error
    assert Task.objects.get().status_note["state"] == "failed"
    assert len(gateway.posts) == 1


@pytest.mark.req("D5")
@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_send_is_repeated_later_after_a_passing_failure(scribe, ana, gateway, status):
    run_of(scribe, ana)
    gateway.answers(status, headers={"Retry-After": "90"})
    run = start(scribe)
    assert (run.status, run.send_count) == (Status.QUEUED, 1)
    assert 60 < (run.due_at - timezone.now()).total_seconds() <= 90
    assert start(scribe) is None
    assert Task.objects.get().status_note["code"] == "next_try"


@pytest.mark.req("D5")
def test_run_fails_after_twelve_sends(scribe, ana, gateway):
    run_of(scribe, ana)
    gateway.answers(503)
    for _ in range(dispatch.MAX_SENDS):
        Run.objects.update(due_at=timezone.now())
        run = start(scribe)
    assert (run.status, run.send_count) == (Status.FAILED, 12)


@pytest.mark.req("D6", "D7")
@pytest.mark.parametrize("answer", [{"text": "hello"}, {"json": {"ok": True}}, {"content": b"{" + b" " * 70_000}])
def test_send_is_repeated_in_the_window_after_ambiguous_answers(scribe, ana, gateway, answer):
    run_of(scribe, ana)
    gateway.answers(200, **answer)
    run = start(scribe)
    assert run.status == Status.QUEUED
    assert run.first_sent_at is not None


@pytest.mark.req("D7")
def test_send_outside_the_replay_window_is_left_to_a_person(scribe, ana, gateway):
    run_of(scribe, ana)
    gateway.fails(httpx.ReadTimeout)
    run = start(scribe)
    later(run, minutes=5)
    run = start(scribe)
    assert (run.status, len(gateway.posts)) == (Status.UNCERTAIN, 1)
    assert Task.objects.get().status_note["state"] == "you"
    again = retry(run, by=ana)
    run.refresh_from_db()
    assert (run.status, again.attempt, again.status) == (Status.FAILED, 2, Status.QUEUED)


@pytest.mark.req("D7", "FLT-26")
def test_send_is_repeated_within_what_is_left_of_the_window(scribe, ana, gateway):
    run_of(scribe, ana)
    gateway.fails(httpx.ReadTimeout)
    run = start(scribe)
    later(run, minutes=2)
    gateway.answers(429, headers={"Retry-After": "600"})
    run = start(scribe)
    assert run.status == Status.QUEUED
    assert timezone.now() < run.due_at <= timezone.now() + timedelta(minutes=1)


@pytest.mark.req("D7", "FLT-26")
def test_send_answered_as_the_window_ends_is_uncertain(scribe, ana, gateway):
    run_of(scribe, ana)
    gateway.fails(httpx.ReadTimeout)
    run = start(scribe)
    Run.objects.update(due_at=timezone.now())
    claim = dispatch.claim_next(scribe.pk, "worker-1")
    gateway.answers(429)
    outcome = dispatch.send(claim.run)
    later(run, minutes=3, seconds=59.5)
    dispatch.apply_outcome(claim, outcome)
    run.refresh_from_db()
    assert run.status == Status.UNCERTAIN


@pytest.mark.req("D7")
def test_send_to_a_gateway_gone_after_a_lost_answer_is_uncertain(scribe, ana, gateway):
    run_of(scribe, ana)
    gateway.fails(httpx.ReadError)
    run = start(scribe)
    Run.objects.update(due_at=timezone.now())
    gateway.fails(httpx.ConnectError)
    run = start(scribe)
    assert run.status == Status.UNCERTAIN


@pytest.mark.req("D2", "D3")
def test_lease_of_a_dead_worker_is_sent_again_with_the_same_key(scribe, ana, gateway):
    run_of(scribe, ana)
    claim = dispatch.claim_next(scribe.pk, "worker-that-dies")
    dispatch.send(claim.run)
    later(claim.run, seconds=90)
    reconcile.release_expired_leases()
    run = start(scribe)
    assert run.status == Status.RUNNING
    assert gateway.posts[0].content == gateway.posts[1].content


@pytest.mark.req("D2", "FLT-26")
@pytest.mark.parametrize("status", [200, 400, 503, 504])
def test_answer_of_a_late_worker_changes_nothing(scribe, ana, gateway, status):
    run_of(scribe, ana)
    slow = dispatch.claim_next(scribe.pk, "slow")
    gateway.answers(status, json={"runId": "gateway-1"})
    outcome = dispatch.send(slow.run)
    later(slow.run, seconds=90)
    reconcile.release_expired_leases()
    quick = dispatch.claim_next(scribe.pk, "quick")
    dispatch.apply_outcome(slow, outcome)
    quick.run.refresh_from_db()
    assert (quick.run.status, quick.run.send_count) == (Status.SENDING, 2)


@pytest.mark.req("D2", "FLT-26")
@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadError])
def test_doubt_of_a_late_worker_changes_nothing(scribe, ana, gateway, error):
    """Its repeated send got no connection, or no answer and no time is left, while another worker sends anew."""
    run = run_of(scribe, ana)
    dispatch.send(dispatch.claim_next(scribe.pk, "dies").run)
    later(run, seconds=90)
    reconcile.release_expired_leases()
    slow = dispatch.claim_next(scribe.pk, "slow")
    gateway.fails(error)
    outcome = dispatch.send(slow.run)
    later(run, seconds=120)
    reconcile.release_expired_leases()
    quick = dispatch.claim_next(scribe.pk, "quick")
    later(run, seconds=300)
    dispatch.apply_outcome(slow, outcome)
    quick.run.refresh_from_db()
    assert (quick.run.status, quick.run.send_count) == (Status.SENDING, 3)


@pytest.mark.req("D2")
def test_lease_of_a_worker_at_work_is_not_released(scribe, ana):
    run_of(scribe, ana)
    claim = dispatch.claim_next(scribe.pk, "worker-1")
    assert not lifecycle.release_lease(claim.run)
    claim.run.refresh_from_db()
    assert claim.run.status == Status.SENDING


def test_slots_bound_how_many_run_and_notes_say_so(scribe, ana, gateway):
    for number in range(4):
        run_of(scribe, ana, f"Task {number}")
    started = [start(scribe) for _ in range(4)]
    assert [bool(run) for run in started] == [True, True, False, False]
    assert (scribe.current_tasks, scribe.status) == (2, "working")
    wait_reasons.refresh(scribe)
    notes = [run.task.status_note for run in Run.objects.queued().order_by("created_at").select_related("task")]
    assert [(note["code"], note["facts"]["place"]) for note in notes] == [("agent_full", 1), ("agent_full", 2)]


def test_wait_reasons_cost_as_many_statements_for_a_long_queue(scribe, ana):
    statements = []
    for length in (3, 20):
        while Run.objects.queued().count() < length:
            run_of(scribe, ana)
        Task.objects.update(status_note=None)
        with CaptureQueriesContext(connection) as captured:
            wait_reasons.refresh(scribe)
        statements.append(len(captured))
    assert statements[0] == statements[1]


def test_queue_starts_the_most_urgent_then_the_oldest(scribe, ana, gateway):
    run_of(scribe, ana, "old")
    run_of(scribe, ana, "urgent", priority=4)
    assert [start(scribe).task.title for _ in range(2)] == ["urgent", "old"]


@pytest.mark.req("D11")
def test_circuit_breaker_leaves_a_dead_gateway_to_one_probe(scribe, ana, gateway):
    for number in range(2):
        run_of(scribe, ana, f"Task {number}")
    gateway.fails(httpx.ConnectError)
    for _ in range(circuit_breaker.MAX_FAILURES):
        Run.objects.update(due_at=timezone.now())
        start(scribe)
    assert len(gateway.posts) == circuit_breaker.MAX_FAILURES
    Run.objects.update(due_at=timezone.now())
    assert start(scribe) is None
    Gateway.objects.update(retry_at=timezone.now() - timedelta(seconds=1))
    row = Gateway.objects.get()
    assert [circuit_breaker.allows_request(row), circuit_breaker.allows_request(row)] == [True, False]
    circuit_breaker.record_result(row, reached=True)
    row.refresh_from_db()
    assert circuit_breaker.allows_request(row)


@pytest.mark.req("D9")
def test_deadline_ends_a_run_that_nobody_reports_on(scribe, ana, gateway):
    run_of(scribe, ana)
    run = start(scribe)
    lifecycle.begin(run)
    Run.objects.update(deadline_at=timezone.now() - timedelta(seconds=1))
    reconcile.end_overdue_runs()
    run.refresh_from_db()
    assert run.status == Status.TIMED_OUT
    assert (Task.objects.get().status_note["code"], len(gateway.posts)) == ("timed_out", 1)


def test_reconcile_finds_the_result_by_our_first_line(scribe, ana, gateway):
    run_of(scribe, ana)
    run = start(scribe)
    gateway.history = [
        {"role": "user", "content": f"[teamboard-run:{run.pk}]\nDo it."},
        {"role": "assistant", "content": "All done.", "stopReason": "stop", "usage": {"input": 5, "output": 7}},
    ]
    Run.objects.update(deadline_at=timezone.now() - timedelta(seconds=1))
    reconcile.end_overdue_runs()
    run.refresh_from_db()
    assert (run.status, run.result, run.tokens_out) == (Status.SUCCEEDED, "All done.", 7)


ODD = "All\x00 \ud800done."


@pytest.mark.req("D9", "C5")
@pytest.mark.parametrize(
    "odd",
    [
        {"content": ODD, "model": "m" * 500},
        {"stopReason": "error", "errorMessage": ODD},
        {"stopReason": "error", "errorMessage": {"code": ODD}},
        {"usage": {"input": "many", "output": -1, "cost": {"total": "free"}}},
        {"usage": {"input": 10**30, "output": True, "cost": 10**30}},
        {"usage": [1]},
        {"timestamp": 10**300},
        {"timestamp": "now"},
        {"__openclaw": {"runId": [ODD]}},
    ],
)
def test_reconcile_ends_the_run_however_odd_the_answer_is(scribe, ana, gateway, odd):
    run_of(scribe, ana)
    run = start(scribe)
    answer = {"role": "assistant", "content": "All done.", "stopReason": "stop"}
    gateway.history = [{"role": "user", "content": f"[teamboard-run:{run.pk}]"}, answer | odd]
    Run.objects.update(deadline_at=timezone.now() - timedelta(seconds=1))
    reconcile.end_overdue_runs()
    run.refresh_from_db()
    assert run.status == (Status.FAILED if "errorMessage" in odd else Status.SUCCEEDED)
    assert run.error or run.result in ("All done.", "All\ufffd \ufffddone.")


@pytest.mark.req("D9")
@pytest.mark.parametrize("odd", [5, {"a": 1}, [5, None], "x"])
def test_reconcile_leaves_a_run_without_history_to_its_time(scribe, ana, gateway, odd):
    run_of(scribe, ana)
    run = start(scribe)
    lifecycle.begin(run)
    gateway.history = odd
    Run.objects.update(deadline_at=timezone.now() - timedelta(seconds=1))
    reconcile.end_overdue_runs()
    run.refresh_from_db()
    assert run.status == Status.TIMED_OUT


@pytest.mark.req("D9")
def test_reconcile_errors_keep_no_run_open_for_ever(scribe, ana, gateway, monkeypatch):
    run_of(scribe, ana)
    run = start(scribe)
    monkeypatch.setattr(session_turns, "find_turn", lambda run: 1 / 0)
    for hours, status in ((0, Status.RUNNING), (2, Status.TIMED_OUT)):
        Run.objects.update(deadline_at=timezone.now() - timedelta(hours=hours, seconds=1))
        reconcile.end_overdue_runs()
        run.refresh_from_db()
        assert run.status == status


@pytest.mark.req("D12")
def test_cancel_twice_ends_the_run_once(scribe, ana, gateway):
    run = run_of(scribe, ana)
    assert lifecycle.close(run, Status.CANCELLED, by=ana)
    assert not lifecycle.close(run, Status.FAILED, by=None)
    assert Run.objects.get().status == Status.CANCELLED
    assert Event.objects.filter(kind="run.closed").count() == 1


def in_own_connection(call, *args):
    try:
        return call(*args)
    except Refused as refused:
        return refused
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("D10")
def test_assign_by_twenty_people_at_once_queues_one_run(columns, scribe, ana):
    task = task_in(columns["ready"])

    def ask(_):
        return in_own_connection(lambda: queue.assign_now(scribe, task, by=ana, queue=True))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(20)))
    assert sum(isinstance(answer, Run) for answer in answers) == 1
    assert task.runs.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("D10")
def test_claims_at_once_take_the_last_slot_once(board, ana, gateway):
    scribe = agent_in(board, max_concurrent=3)
    circuit_breaker.note_admission(scribe.gateway)
    for number in range(8):
        run_of(scribe, ana, f"Task {number}")
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: in_own_connection(dispatch.claim_next, scribe.pk, "w"), range(16)))
    assert sum(claim is not None for claim in claims) == scribe.current_tasks == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("D12")
def test_close_happens_once_when_endings_race(board, ana, scribe, gateway):
    for number in range(6):
        run = run_of(scribe, ana, f"Task {number}")
        endings = [
            lambda run: lifecycle.close(run, Status.CANCELLED, by=ana),
            lambda run: lifecycle.close(run, Status.FAILED, by=ana),
            lifecycle.succeed,
        ]
        with ThreadPoolExecutor(3) as pool:
            won = list(pool.map(lambda end, run=run: in_own_connection(lambda: end(copy(run))), endings))
        assert sum(won) == 1
    assert Event.objects.filter(kind="run.closed").count() == 6


def test_assign_to_another_ends_the_former_ones_run(columns, board, scribe, ana, ben):
    run = run_of(scribe, ana)
    assign(run.task, to=ben, by=ana)
    run.refresh_from_db()
    assert run.status == Status.CANCELLED


@pytest.mark.req("G1")
@pytest.mark.parametrize("rule", ["disabled", "busy"])
def test_assign_refuses_in_the_words_of_the_outline(columns, scribe, ana, rule):
    if rule == "disabled":
        type(scribe).objects.update(is_enabled=False)
    else:
        for number in range(2):
            run_of(scribe, ana, f"Task {number}")
    with pytest.raises(Refused, match=f"Agent is {rule}"):
        queue.assign_now(scribe, task_in(columns["ready"]), by=ana)
