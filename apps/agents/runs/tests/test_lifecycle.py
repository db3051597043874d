"""The table of a run's life holds whatever comes in whatever order: callbacks, sweeps, people, workers that die."""

import ast
from collections import Counter
from datetime import timedelta
from functools import partial
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.agents.gateways.openclaw_client import Kind, Outcome
from apps.agents.models import Agent, Gateway, Run
from apps.agents.runs import dispatch, lifecycle, queue, scheduler, states, targets
from apps.agents.runs.actions.cancel import cancel
from apps.agents.runs.actions.pause import pause, resume
from apps.agents.runs.actions.retry import retry
from apps.agents.runs.actions.review import accept, request_changes
from apps.agents.runs.callbacks import reconcile, results, session_turns
from apps.agents.runs.states import Status
from apps.agents.tests.factories import GatewayFactory, agent_in
from apps.chat.tests.factories import message_in, room_of
from apps.errors import Refused
from apps.projects.models import Event, Project, Role
from apps.projects.tests.factories import MembershipFactory, UserFactory
from apps.tasks.actions.assign import assign
from apps.tasks.tests.factories import BoardFactory, task_in

# Written out once more, so that an edge is added or taken away on purpose.
EDGES = {
    Status.QUEUED: {Status.SENDING, Status.RUNNING, Status.UNCERTAIN, *states.ENDED},
    Status.SENDING: {Status.QUEUED, Status.RUNNING, Status.UNCERTAIN, *states.ENDED},
    Status.RUNNING: {Status.RUNNING, Status.QUEUED, *states.ENDED},
    Status.NEEDS_INPUT: {*states.ENDED},
    Status.UNCERTAIN: {Status.RUNNING, Status.QUEUED, *states.ENDED},
    Status.TIMED_OUT: {Status.SUCCEEDED},
    Status.FAILED: {Status.SUCCEEDED},
}
SLOTS = 2
WATCHED = ("status", "review", "task", "message", "ended_at", "lease_until")
LOGGED = ("run.closed", "run.reopened")
RECORD_STEPS = """
CREATE TEMP TABLE taken (run uuid, source text, target text);
CREATE FUNCTION pg_temp.record_step() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO taken VALUES (NEW.id, OLD.status, NEW.status); RETURN NULL; END $$;
CREATE TRIGGER record_step AFTER UPDATE OF status ON agents_run
    FOR EACH ROW EXECUTE FUNCTION pg_temp.record_step();
"""
ANSWERS = (
    Outcome(Kind.ADMITTED, run_id="g-1", status=200),
    Outcome(Kind.REFUSED, "No.", status=400),
    Outcome(Kind.RETRY, "Busy.", status=503),
    Outcome(Kind.RETRY, "Not reached.", sent=False),
    Outcome(Kind.AMBIGUOUS, "Cut off."),
)
REPORTS = ("ok", "ok", "ok", "run.accepted", "run.started", "run.interrupted", "error", "aborted", "timeout")
any_number = st.integers(0, 20)


def test_table_has_the_edges_written_here():
    edges: dict[Status, set[Status]] = {}
    for step in states.STEPS:
        for source in step.sources:
            edges.setdefault(source, set()).add(step.target)
    assert edges == EDGES


def test_states_are_open_or_ended():
    assert sorted([*states.OPEN, *states.ENDED]) == sorted(Status)
    assert set(states.BUSY) < set(states.OPEN)


def test_constraints_read_open_states_from_the_table():
    names = ("one_open_run_per_task", "one_open_run_per_mention", "one_sent_run_per_session")
    conditions = {each.name: dict(each.condition.children) for each in Run._meta.constraints if each.name in names}
    assert {name: conditions[name]["status__in"] for name in names} == dict.fromkeys(names, states.OPEN)


def test_status_is_written_by_lifecycle_alone():
    apps = Path(django_settings.BASE_DIR, "apps", "agents")
    modules = [path for path in apps.rglob("*.py") if not {"tests", "migrations"} & set(path.relative_to(apps).parts)]
    found = {str(path.relative_to(apps)): writes_of(ast.parse(path.read_text())) for path in modules}
    writers = {path: lines for path, lines in found.items() if lines}
    assert list(writers) == ["runs/lifecycle.py"], writers
    assert len(modules) > 30


@pytest.mark.parametrize(
    "code",
    [
        "Run.objects.update(status='failed')",
        "runs.filter(pk=1).update(due_at=Now(), review=Review.ACCEPTED)",
        "rows.update(**{'status': Status.FAILED})",
        "run.status = Status.FAILED",
        "run.review, other = Review.NONE, 1",
        "run.save(update_fields=['error', 'status'])",
        "Run.objects.bulk_update(runs, ['status'])",
        "setattr(run, 'status', 'failed')",
    ],
)
def test_status_writes_of_every_spelling_are_found(code):
    assert writes_of(ast.parse(code)) == [1]


def writes_of(tree: ast.Module) -> list[int]:
    """The lines that write a `status` or `review` of something that is there already."""
    return sorted({node.lineno for node in ast.walk(tree) if is_write(node)})


def is_write(node: ast.AST) -> bool:
    names = ("status", "review")
    if isinstance(node, ast.Attribute):
        is_own = isinstance(node.value, ast.Name) and node.value.id == "self"  # an exception's HTTP status
        return isinstance(node.ctx, ast.Store) and node.attr in names and not is_own
    if not isinstance(node, ast.Call):
        return False
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    words = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
    keywords = {keyword.arg for keyword in node.keywords}
    if called in ("update", "aupdate", "update_or_create"):
        return bool(keywords & set(names) or words & set(names))
    return called in ("save", "asave", "bulk_update", "abulk_update", "setattr") and bool(words & set(names))


class Life(RuleBasedStateMachine):
    """One agent with two slots, three tasks and two messages, in a transaction that is rolled back."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        with connection.cursor() as cursor:
            cursor.execute(RECORD_STEPS)
        self.board = BoardFactory()
        self.ana, self.ben = (
            MembershipFactory(project=self.board, user=UserFactory(username=name)).user for name in ("ana", "ben")
        )
        self.mai = MembershipFactory(project=self.board, role=Role.MAINTAINER).user
        self.agent = agent_in(self.board, gateway=GatewayFactory(gateway_token=""), max_concurrent=SLOTS)
        ready = self.board.columns.get(category="ready")
        self.tasks = [task_in(ready, f"Task {number}") for number in range(3)]
        room = room_of(self.board)
        self.messages = [message_in(room, self.ana, f"Question {number}") for number in range(2)]
        self.claims: list[dispatch.Claim] = []
        self.reports: list[tuple] = []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    def run_number(self, number: int) -> Run | None:
        """One that is at work, one that has ended, or any."""
        runs = Run.objects.with_related().order_by("created_at")
        kinds = (runs.open().filter(send_count__gt=0), runs.exclude(status__in=states.OPEN), runs)
        found = list(kinds[number % 3]) or list(runs)
        return found[number // 3 % len(found)] if found else None

    def attempt(self, action, *args, **kwargs) -> None:
        """What people may ask for at any time, and are then refused."""
        try:
            with transaction.atomic():
                action(*args, **kwargs)
        except Refused:
            pass

    @initialize()
    def queue_begins(self) -> None:
        for number in range(len(self.tasks) + 1):
            self.ask_agent(number)
        for _ in range(SLOTS):
            self.gateway_answers(ANSWERS[0])

    @rule(number=any_number)
    def ask_agent(self, number: int) -> None:
        """A first or a further attempt at a task or a message."""
        target = [*self.tasks, *self.messages][number % 5]
        if last := target.runs.with_related().order_by("-attempt").first():
            self.attempt(retry, last, by=self.ana)
        elif target in self.messages:
            self.attempt(queue.enqueue, targets.MessageTarget(target, referenced_task=None), self.agent, by=self.ana)
        else:
            self.attempt(queue.assign_now, self.agent, target, by=self.ana, queue=True)

    @rule(number=any_number)
    def give_task_to_a_person(self, number: int) -> None:
        task = self.tasks[number % len(self.tasks)]
        task.refresh_from_db()
        self.attempt(assign, task, to=self.ben, by=self.ana)

    @rule()
    def claim(self) -> None:
        agent = Agent.objects.select_related("gateway").get(pk=self.agent.pk)
        startable = [run for run, reason in scheduler.decisions(agent) if reason is None]
        claim = dispatch.claim_next(self.agent.pk, "worker")
        assert (claim and claim.run) == (startable[0] if startable else None)
        if claim is None:
            return
        if claim.is_stale:
            lifecycle.mark_uncertain(claim.run)
        else:
            self.claims.append(claim)
            assert Run.objects.busy().count() <= SLOTS

    @rule(answer=st.sampled_from(ANSWERS))
    def gateway_answers(self, answer: Outcome) -> None:
        if not self.claims:
            self.claim()
        if self.claims:
            dispatch.apply_outcome(self.claims.pop(), answer)

    @precondition(lambda self: len(self.claims) > 1)
    @rule(answer=st.sampled_from(ANSWERS))
    def gateway_answers_an_older_claim(self, answer: Outcome) -> None:
        dispatch.apply_outcome(self.claims.pop(0), answer)

    @rule(window_closes=st.booleans())
    def answer_is_lost(self, window_closes: bool) -> None:
        self.gateway_answers(Outcome(Kind.AMBIGUOUS, "Cut off."))
        if window_closes:
            self.delays_pass(minutes=5)
            self.claim()

    @precondition(lambda self: self.claims)
    @rule()
    def leases_expire(self) -> None:
        """Their workers may yet come back with the answer."""
        Run.objects.filter(status=Status.SENDING).update(lease_until=timezone.now() - timedelta(seconds=1))
        reconcile.release_expired_leases()
        assert not Run.objects.filter(status=Status.SENDING).exists()

    @rule()
    def deadlines_pass(self) -> None:
        Run.objects.filter(deadline_at__isnull=False).update(deadline_at=timezone.now() - timedelta(seconds=1))
        reconcile.end_overdue_runs()
        assert not Run.objects.filter(status=Status.RUNNING).exists()

    @rule(is_there=st.booleans())
    def sessions_are_looked_into(self, is_there: bool) -> None:
        """The gateway has what it was sent, or has lost it."""
        Run.objects.filter(look_at__isnull=False).update(look_at=timezone.now() - timedelta(seconds=1))
        Gateway.objects.update(gateway_token="token")
        with patch.object(session_turns, "find_turn", lambda run: session_turns.Turn(is_there)):
            reconcile.look_up_quiet_runs()
        Gateway.objects.update(gateway_token="")

    @rule(minutes=st.sampled_from([0, 0, 5]))
    def delays_pass(self, minutes: int) -> None:
        """After five minutes the replay window is closed, too."""
        moment = timezone.now() - timedelta(minutes=minutes)
        Run.objects.queued().update(due_at=moment)
        Run.objects.open().filter(first_sent_at__gt=moment).update(first_sent_at=moment)

    @rule(number=any_number, what=st.sampled_from(REPORTS), times=st.integers(1, 2))
    def gateway_reports(self, number: int, what: str, times: int) -> None:
        """On two runs, of whatever attempt, in whatever state, once or twice."""
        for run in {self.run_number(number), self.run_number(number + 1)} - {None}:
            kind = what if what.startswith("run.") else "run.finished"
            about = {"teamboardRunId": str(run.pk), "sessionKey": run.gateway_session_key, "runId": "g-2"}
            body = {**about, "status": what, "text": "Done."}
            self.reports.append((str(uuid4()), kind, body))
            self.receive(*self.reports[-1], times=times)

    @precondition(lambda self: self.reports)
    @rule(number=any_number)
    def report_comes_again(self, number: int) -> None:
        before = list(Run.objects.order_by("pk").values())
        self.receive(*self.reports[number % len(self.reports)], times=1)
        assert list(Run.objects.order_by("pk").values()) == before

    def receive(self, event_id: str, kind: str, body: dict, *, times: int) -> None:
        gateway = Gateway.objects.get()
        outcomes = [results.receive(gateway, event_id, kind, dict(body)).outcome for _ in range(times)]
        assert len(set(outcomes)) == 1

    @rule(number=any_number, action=st.sampled_from([cancel, retry, accept]))
    def person_acts_on_run(self, number: int, action) -> None:
        if run := self.run_number(number):
            self.attempt(action, run, by=self.ana)

    @rule(number=any_number)
    def person_sends_back(self, number: int) -> None:
        if run := self.run_number(number):
            self.attempt(request_changes, run, note="More.", by=self.ana)

    @rule(action=st.sampled_from([pause, partial(pause, stop=True), resume, resume]))
    def maintainer_pauses_or_resumes(self, action) -> None:
        self.attempt(action, Project.objects.get(pk=self.board.pk), by=self.mai)

    @rule(is_enabled=st.sampled_from([True, True, False]))
    def administrator_switches_agent(self, is_enabled: bool) -> None:
        Agent.objects.update(is_enabled=is_enabled)

    @invariant()
    def table_holds(self) -> None:
        runs, steps = list(Run.objects.only(*WATCHED)), self.steps()
        for _, source, target in steps:
            assert target in EDGES.get(source, ()), (source, target)
        open_targets = Counter((run.task_id, run.message_id) for run in runs if run.status in states.OPEN)
        assert set(open_targets.values()) <= {1}
        for run in runs:
            assert (run.ended_at is not None) == (run.status in states.ENDED), run.status
            assert (run.lease_until is not None) == (run.status == Status.SENDING), run.status
            assert run.review == "" or (run.task_id and run.status == Status.SUCCEEDED), run.review
        self.each_closing_is_logged_once(steps)

    def each_closing_is_logged_once(self, steps: list[tuple[str, str, str]]) -> None:
        logged = Counter(Event.objects.filter(kind__in=LOGGED).values_list("kind", "payload__run"))
        closed = Counter(
            ("run.closed", run) for run, source, target in steps if source in states.OPEN and target in states.ENDED
        )
        reopened = Counter(("run.reopened", run) for run, source, _ in steps if source in states.ENDED)
        assert logged == closed + reopened
        assert set(closed.values()) <= {1}

    def steps(self) -> list[tuple[str, str, str]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT run::text, source, target FROM taken")
            return cursor.fetchall()


@pytest.mark.django_db
@pytest.mark.queue_off
@pytest.mark.req("D2", "D12", "C3", "C4")
def test_lifecycle_holds_in_any_order():
    bounds = settings(
        max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(Life, settings=bounds)
