"""Three failures in a row for one reason pause the agent: one run a minute probes, and a person retries all."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.tests.programs import Program
from apps.agents.models import Agent, FailureStreak, Gateway, Run
from apps.agents.roster import failure_streaks
from apps.agents.runs import dispatch, lifecycle, run_notes, scheduler, wait_reasons
from apps.agents.runs.actions.cancel import cancel
from apps.agents.runs.actions.retry import retry
from apps.agents.runs.actions.retry_alike import retry_alike
from apps.agents.runs.callbacks import results
from apps.agents.runs.states import Status
from apps.agents.tests.factories import agent_in, run_of
from apps.errors import NotAllowed
from apps.projects.models import Role
from apps.projects.tests.factories import MembershipFactory, ProjectFactory
from apps.tasks import status_notes
from apps.tasks.actions.move import move
from apps.tasks.models import Task

pytestmark = [pytest.mark.django_db, pytest.mark.queue_off, pytest.mark.req("FLT-21")]
KEY_REFUSED = "401 invalid x-api-key (request req_011CS{})"


def fail(agent: Agent, by, error: str = KEY_REFUSED, title: str = "A task") -> Run:
    run = run_of(agent, by, title)
    lifecycle.close(run, Status.FAILED, by=agent.user, error=error.format(uuid4().hex))
    return run


@pytest.fixture
def failed(scribe, ana):
    return [fail(scribe, ana, title=f"Failed {number}") for number in range(3)]


def claimed(agent: Agent) -> Run | None:
    claim = dispatch.claim_next(agent.pk, "worker")
    return claim and claim.run


def let_a_minute_pass() -> None:
    FailureStreak.objects.exclude(paused_at=None).update(probe_at=timezone.now() - timedelta(seconds=1))


def is_paused(agent: Agent) -> bool:
    return FailureStreak.objects.filter(agent=agent, paused_at__isnull=False).exists()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("401 invalid x-api-key", "401 Invalid x-api-key."),
        ("Refused (request req_011CSkDuT9)", "Refused (request req_0988jJkkL2)"),
        (
            "Session 0c1870e7-e79c-4fce-8007-240571ba9c69 is gone",
            "Session c20a270c-2ed3-4107-9198-27b9c37f6595 is gone",
        ),
        ("Quota used up at 2026-11-30T23:01:02Z", "Quota used up at 2026-12-01T00:01:07.5Z"),
        ("No answer after 31.2 s (attempt 2/8)", "No answer after 30 s (attempt 8/8)"),
        ("Run 1234567 failed at 10:42", "Run 1234999 failed at 11:05"),
    ],
)
def test_failures_of_one_reason_have_one_fingerprint(first, second):
    assert failure_streaks.fingerprint(first) == failure_streaks.fingerprint(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("401 invalid x-api-key", "429 rate limited"),
        ("HTTP 401", "HTTP 500"),
        ("No model", "No tool"),
        ("", "No model"),
    ],
)
def test_failures_of_two_reasons_have_two_fingerprints(first, second):
    assert failure_streaks.fingerprint(first) != failure_streaks.fingerprint(second)
    assert failure_streaks.fingerprint(first, "gateway_stopped") != failure_streaks.fingerprint(first)


def test_third_equal_failure_pauses_the_agent_and_every_waiting_card_says_why(scribe, ana):
    waiting = run_of(scribe, ana, "Waiting")
    for number in range(3):
        assert not is_paused(scribe)
        fail(scribe, ana, title=f"Failed {number}")
    assert is_paused(scribe)
    assert claimed(scribe) is None
    wait_reasons.refresh(Agent.objects.select_related("gateway", "user").get(pk=scribe.pk))
    note = Task.objects.get(pk=waiting.task_id).status_note
    assert note["code"] == "agent_failing"
    assert "Scribe failed 3 times in a row" in status_notes.sentence_of(note)
    assert "invalid x-api-key" in run_notes.details_of(note)
    assert Agent.objects.get(pk=scribe.pk).status == "failing"


def test_a_new_card_says_it_at_once(scribe, ana, failed):
    assert run_of(scribe, ana).task.status_note["code"] == "agent_failing"


def test_refused_sends_count_as_reported_failures_do(scribe, ana, gateway):
    gateway.answers(401)
    for number in range(5):
        run_of(scribe, ana, f"Task {number}")
    for _ in range(5):
        dispatch.start_next(scribe.pk, "worker")
    assert Run.objects.filter(status=Status.FAILED).count() == 3
    assert Run.objects.queued().count() == 2


def test_one_probe_a_minute_goes_out(scribe, ana, failed):
    first, second = run_of(scribe, ana, "First"), run_of(scribe, ana, "Second")
    assert claimed(scribe) is None
    let_a_minute_pass()
    assert next(reason for _, reason in scheduler.decisions(Agent.objects.get(pk=scribe.pk))) is None
    assert (claimed(scribe), claimed(scribe)) == (first, None)
    let_a_minute_pass()
    assert claimed(scribe) == second


def test_of_two_that_would_probe_one_does(scribe, failed):
    let_a_minute_pass()
    both = [Agent.objects.select_related("failure_streak").get(pk=scribe.pk) for _ in range(2)]
    assert [failure_streaks.take_probe(each) for each in both] == [True, False]


def switch_gateway_off(scribe: Agent, ana) -> None:
    Gateway.objects.update(is_enabled=False)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("failures", "meanwhile"),
    [(3, lambda scribe, ana: claimed(scribe)), (2, fail), (0, switch_gateway_off)],
    ids=["probed", "paused", "gateway off"],
)
def test_worker_that_waited_judges_by_what_is_so_now(scribe, ana, failures, meanwhile):
    for number in range(failures):
        fail(scribe, ana, title=f"Failed {number}")
    let_a_minute_pass()
    run_of(scribe, ana, "First")
    run_of(scribe, ana, "Second")

    def claim_late() -> Run | None:
        try:
            return claimed(scribe)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Agent.objects.select_for_update().get(pk=scribe.pk)
            late = pool.submit(claim_late)
            wait_until_one_waits_for_us()
            meanwhile(scribe, ana)
        assert late.result(30) is None


def wait_until_one_waits_for_us() -> None:
    waiting = "SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone() is not None:
                return
    pytest.fail("Nobody waits for the lock.")


def test_probe_is_not_used_up_by_what_does_not_go_out(scribe, ana, failed):
    run_of(scribe, ana)
    let_a_minute_pass()
    before = FailureStreak.objects.get().probe_at
    Agent.objects.update(max_concurrent=1)
    busy = run_of(scribe, ana, "Busy")
    Run.objects.filter(pk=busy.pk).update(status=Status.RUNNING)
    assert claimed(scribe) is None
    assert FailureStreak.objects.get().probe_at == before


def test_failed_probe_leaves_the_agent_paused(scribe, ana, failed):
    for error in (KEY_REFUSED, "Something else"):
        run = run_of(scribe, ana, error[:9])
        let_a_minute_pass()
        assert claimed(scribe) == run
        lifecycle.close(run, Status.FAILED, by=scribe.user, error=error)
        assert is_paused(scribe)
        assert run_of(scribe, ana, "Next").task.status_note["code"] == "agent_failing"
        Run.objects.queued().delete()


@pytest.mark.req("FLT-17")
def test_failed_probe_costs_its_card_nothing(scribe, ana, failed):
    """It waits again where it stood, its card says why; no card but those that failed before the pause has failed."""
    first, second = run_of(scribe, ana, "First"), run_of(scribe, ana, "Second")
    for attempt in range(1, 4):
        let_a_minute_pass()
        probe = claimed(scribe)
        assert (probe.task_id, probe.attempt, probe.queued_at) == (first.task_id, attempt, first.queued_at)
        lifecycle.admit(probe)
        lifecycle.close(probe, Status.FAILED, by=scribe.user, error=KEY_REFUSED.format(uuid4().hex))
        for run in (first, second):
            assert Task.objects.get(pk=run.task_id).status_note["code"] == "agent_failing"
    assert failure_streaks.failed_alike(failed[0]).count() == 3
    let_a_minute_pass()
    results.succeed(claimed(scribe), results.Result(text="Done."))
    assert (claimed(scribe), is_paused(scribe)) == (second, False)


@pytest.mark.req("FLT-17")
def test_failed_probe_for_another_reason_is_the_cards_own_failure(scribe, ana, failed):
    run = run_of(scribe, ana)
    let_a_minute_pass()
    probe = claimed(scribe)
    lifecycle.close(probe, Status.FAILED, by=scribe.user, error="No such tool")
    assert (probe.task_id, Run.objects.queued().count()) == (run.task_id, 0)


@pytest.mark.req("FLT-17")
def test_failed_probe_of_a_finished_task_is_not_asked_again(scribe, ana, failed, columns):
    run_of(scribe, ana)
    let_a_minute_pass()
    probe = claimed(scribe)
    move(probe.task, to=columns["done"], by=ana)
    lifecycle.close(probe, Status.FAILED, by=scribe.user, error=KEY_REFUSED)
    assert Run.objects.queued().count() == 0


@pytest.mark.parametrize("late", [False, True])
def test_success_ends_the_pause(scribe, ana, late):
    run = run_of(scribe, ana)
    if late:
        lifecycle.close(run, Status.TIMED_OUT, by=None)
    for number in range(3):
        fail(scribe, ana, title=f"Failed {number}")
    (results.succeed_late if late else results.succeed)(run, results.Result(text="Done."))
    assert not FailureStreak.objects.exists()


def test_other_reason_and_success_begin_anew(scribe, ana):
    for error in (KEY_REFUSED, KEY_REFUSED, "Other", KEY_REFUSED, KEY_REFUSED):
        fail(scribe, ana, error)
    assert not is_paused(scribe)
    results.succeed(run_of(scribe, ana), results.Result(text="Done."))
    fail(scribe, ana)
    assert not is_paused(scribe)


def test_what_people_end_is_no_failure_of_the_agent(scribe, ana):
    for number in range(4):
        cancel(run_of(scribe, ana, f"Cancelled {number}"), by=ana)
        run = run_of(scribe, ana, f"Uncertain {number}")
        Run.objects.filter(pk=run.pk).update(status=Status.UNCERTAIN)
        cancel(retry(run, by=ana), by=ana)
    assert not FailureStreak.objects.exists()


def test_failures_of_one_agent_pause_no_other(board, scribe, ana, failed):
    other = agent_in(board, "Other", gateway=scribe.gateway)
    run = run_of(other, ana)
    assert claimed(other) == run


def test_retry_all_asks_again_for_what_failed_alike_and_probes_at_once(scribe, ana, failed):
    other = fail(scribe, ana, "Another reason", title="Other reason")
    started = retry_alike(failed[0], by=ana)
    assert [run.task_id for run in started] == [run.task_id for run in failed]
    assert not other.task.runs.open().exists()
    assert (claimed(scribe), claimed(scribe)) == (started[0], None)
    assert retry_alike(failed[0], by=ana) == []


def test_retry_all_leaves_finished_tasks_and_newer_attempts_alone(scribe, ana, failed, columns):
    move(failed[0].task, to=columns["done"], by=ana)
    again = retry(failed[1], by=ana)
    cancel(again, by=ana)
    assert [run.task_id for run in retry_alike(failed[1], by=ana)] == [failed[2].task_id]


def test_retry_all_stays_in_the_project(scribe, ana, failed):
    elsewhere = fail(scribe, ana)
    project = ProjectFactory()
    Run.objects.filter(pk=elsewhere.pk).update(project=project)
    assert elsewhere.pk not in {
        run.pk for run in failure_streaks.failed_alike(failed[0]).filter(project=failed[0].project)
    }
    assert len(retry_alike(failed[0], by=ana)) == 3


def test_retry_all_is_for_who_directs_agents(board, failed, ana):
    viewer = MembershipFactory(project=board, role=Role.VIEWER).user
    with pytest.raises(NotAllowed):
        retry_alike(failed[0], by=viewer)
    assert Program(ana, "write").post(f"runs/{failed[0].pk}/retry-alike/").status_code == 403
    assert len(Program(ana).post(f"runs/{failed[0].pk}/retry-alike/").json()) == 3


def test_retry_all_is_offered_on_the_card_and_the_agents_page(client, ana, failed):
    client.force_login(ana)
    for address in (failed[2].task.get_absolute_url(), "/projects/TIDE/agents/"):
        assert "Retry all 3 that failed for this reason" in client.get(address).content.decode()
    assert client.post(f"/runs/{failed[2].pk}/retry-alike/").status_code == 302
    assert Run.objects.queued().count() == 3
