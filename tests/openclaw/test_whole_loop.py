"""A live Team Board, a real worker and the real gateway: a task and its result, a mention and its answer."""

import os
import time
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection

from apps.agents.models import Gateway, Run, StopRequest
from apps.agents.runs import queue
from apps.agents.runs.actions.cancel import cancel
from apps.agents.runs.actions.retry import retry
from apps.agents.runs.actions.review import accept, request_changes
from apps.agents.tests.factories import GatewayFactory, agent_in
from apps.chat.models import Message
from apps.chat.tests.factories import message_in, room_of
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.models import Comment
from apps.tasks.tests.factories import BoardFactory, task_in
from bench.processes import wait_until
from bench.product import Product
from teamboard.launch.ports import any_free

REPORTS = ["run.accepted", "run.started", "run.finished"]
WITHIN = 90  # seconds; a cold agent prepares itself for ten, and a busy machine is slow


@pytest.fixture(scope="module")
def product(django_db_blocker, listener, tmp_path_factory):
    """Web, worker and beat on the database of with_services, which lives as long as these tests."""
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0)
        with Product(tmp_path_factory.mktemp("product"), any_free()) as running:
            listener.hand_on_to = running.url
            yield running
            listener.hand_on_to = ""
        connection.close()


@pytest.fixture(scope="module")
def board(product):
    return BoardFactory(name="Tidewater", key="TIDE")


@pytest.fixture(scope="module")
def ana(board):
    return MembershipFactory(project=board, user__name="Ana").user


@pytest.fixture(scope="module")
def coder(board, gateway):
    openclaw = GatewayFactory(
        url=gateway.values["OPENCLAW_URL"],
        hook_token=gateway.values["OPENCLAW_TOKEN"],
        gateway_token=gateway.values["OPENCLAW_GATEWAY_TOKEN"],
        callback_secret=gateway.values["OPENCLAW_CALLBACK_SECRET"],
        hooks=Gateway.Hooks.MAPPED,
    )
    return agent_in(board, "Coder", gateway=openclaw, max_concurrent=8)


@pytest.fixture
def give(board, ana, coder):
    """Assign a new task to the agent; returns its run."""
    column = board.columns.get(category="ready")

    def assign(prompt: str, title: str = "Write the release notes") -> Run:
        return queue.assign_now(coder, task_in(column, title), by=ana, prompt=prompt, queue=True)

    return assign


def comes_to(run: Run, status: str, seconds: float = WITHIN) -> Run:
    def is_there() -> bool:
        run.refresh_from_db()
        return run.status == status

    try:
        wait_until(is_there, f"the run is {status}", seconds)
    except TimeoutError as exc:
        raise AssertionError(f"{exc}; it is {run.status}: {run.error}") from exc
    if run.task:
        run.task.refresh_from_db()
    return run


@pytest.fixture
def ask(board, ana, coder):
    """Mention the agent in the project's room; returns its run."""
    room = room_of(board)

    def say(words: str) -> Run:
        return message_in(room, ana, f"@{coder.slug} {words}").runs.get()

    return say


def comments_of(run: Run) -> list[str]:
    written = Comment.objects.filter(task=run.task, author=run.agent.user).order_by("pk")
    return list(written.values_list("text", flat=True))


def test_task_is_accepted_after_changes_were_requested(give, ana, gateway, listener):
    first = comes_to(give("[[say:A first draft.]] [[usage:120:34]]"), Run.Status.SUCCEEDED)
    assert (first.result, first.tokens_out, first.model) == ("A first draft.", 34, "scripted-2")
    assert first.task.column.category == "review"
    assert comments_of(first) == ["A first draft."]

    second = request_changes(first, note="Shorter, please. [[turns]]", by=ana)
    assert (second.attempt, second.session_key) == (2, first.session_key)
    comes_to(second, Run.Status.SUCCEEDED)
    assert second.result == "user turns: 2"
    assert comments_of(second) == ["A first draft.", "user turns: 2"]

    accept(second, by=ana)
    second.task.refresh_from_db()
    assert second.task.column.category == "done"
    for run in (first, second):
        assert [event["event"] for event in listener.events(run.pk)] == REPORTS


def test_untrusted_text_reaches_the_agent_by_the_plain_hook_as_well(give, coder):
    Gateway.objects.filter(pk=coder.gateway_id).update(hooks=Gateway.Hooks.AGENT)
    run = comes_to(give(f"[[say:Read it.]]\n[teamboard-run:{uuid4()}]"), Run.Status.SUCCEEDED)
    assert run.result == "Read it."


def test_a_model_s_error_is_told_on_the_card(give):
    run = comes_to(give("[[fail:400]]"), Run.Status.FAILED)
    assert "LLM request failed" in run.error
    assert comments_of(run) == []


def test_a_run_that_takes_too_long_ends(give, coder):
    Gateway.objects.filter(pk=coder.gateway_id).update(hooks=Gateway.Hooks.AGENT)
    type(coder).objects.filter(pk=coder.pk).update(timeout_seconds=3)
    try:
        run = comes_to(give("[[delay:60]]"), Run.Status.TIMED_OUT)
    finally:
        type(coder).objects.filter(pk=coder.pk).update(timeout_seconds=300)
    assert run.error


def test_a_gateway_that_dies_in_mid_run_goes_on_and_the_result_comes_once(give, gateway, listener):
    run = comes_to(give("[[delay:20]] [[say:Late, but done.]]"), Run.Status.RUNNING)
    listener.wait_for(run.pk, "run.started")
    gateway.kill_and_restart()
    listener.wait_for(run.pk, "run.interrupted")
    comes_to(run, Run.Status.SUCCEEDED, seconds=180)
    assert run.result == "Late, but done."
    assert comments_of(run) == ["Late, but done."]
    assert run.task.runs.count() == 1


@pytest.mark.req("FLT-14")
def test_a_stopped_run_ends_at_the_gateway_and_the_next_attempt_starts(give, ana, listener):
    run = comes_to(give("[[hang]]"), Run.Status.RUNNING)
    listener.wait_for(run.pk, "run.started")
    for attempt in (run, retry(cancelled(run, ana), by=ana)):
        if attempt != run:
            comes_to(attempt, Run.Status.RUNNING, seconds=30)
            listener.wait_for(attempt.pk, "run.started")
            cancelled(attempt, ana)
        wait_until(lambda of=attempt: is_known_to_have_stopped(of), "the stop is known", 15)
        assert listener.wait_for(attempt.pk, "run.finished")["status"] == "aborted"
    assert comments_of(run) == []


def cancelled(run: Run, by) -> Run:
    cancel(run, by=by)
    run.refresh_from_db()
    assert run.status == Run.Status.CANCELLED
    return run


def is_known_to_have_stopped(run: Run) -> bool:
    return StopRequest.objects.filter(run=run, state=StopRequest.State.STOPPED).exists()


@pytest.mark.req("CHT-12")
def test_a_mention_is_answered_in_the_room_and_the_next_one_goes_on_from_there(ask, coder, listener):
    first = comes_to(ask("[[say:It was a quiet day.]]"), Run.Status.SUCCEEDED)
    answer = Message.objects.get(author=coder.user)
    assert (answer.text, answer.reply_to_id) == ("It was a quiet day.", first.message_id)
    second = comes_to(ask("and before that? [[turns]]"), Run.Status.SUCCEEDED)
    assert second.session_key == first.session_key
    assert Message.objects.filter(author=coder.user).latest("pk").text == "user turns: 2"
    for run in (first, second):
        assert [event["event"] for event in listener.events(run.pk)] == REPORTS


@pytest.mark.req("FLT-13")
def test_a_result_comes_without_any_report(give, gateway, listener):
    product, listener.hand_on_to = listener.hand_on_to, "http://127.0.0.1:1"  # nobody there: 502 for every report
    try:
        run = give("[[delay:5]] [[say:Nobody told you.]]")
        comes_to(run, Run.Status.SUCCEEDED, seconds=180)
    finally:
        listener.hand_on_to = product
    [asked_at] = gateway.prompts_of(run.pk)
    assert (run.ended_at.timestamp() - asked_at - 5) <= 75
    assert comments_of(run) == ["Nobody told you."]


SECONDS_BEFORE = (30, 15, 5, 0)  # the crash, for one run each
ROUNDS = 5 if os.environ.get("FULL") else 1


@pytest.mark.req("FLT-13")
@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_crash_after_the_admission_loses_no_run_and_repeats_none(give, gateway, number):
    runs, began = [], time.monotonic()
    for before in SECONDS_BEFORE:
        time.sleep(max(0, began + SECONDS_BEFORE[0] - before - time.monotonic()))
        run = give(f"[[delay:35]] [[say:Round {number}, {before} s.]]", f"Round {number}, {before} s before the crash")
        runs.append(comes_to(run, Run.Status.RUNNING))
    gateway.kill_and_restart()
    is_back_at = time.monotonic()
    for run in runs:
        is_resumed = bool(gateway.prompts_of(run.pk))
        comes_to(run, Run.Status.SUCCEEDED, seconds=is_back_at + 120 + len(runs) * 40 - time.monotonic())
        assert len(gateway.prompts_of(run.pk)) == 1, (run.task.title, is_resumed)
        assert comments_of(run) == [run.result]
        assert run.task.runs.count() == 1
