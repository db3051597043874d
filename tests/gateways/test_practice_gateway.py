"""The practice gateway does as the real one does, and fails as it is told."""

import asyncio
import signal
from uuid import uuid4

import pytest

from apps.agents.gateways import openclaw_client
from apps.agents.gateways.openclaw_client import Kind
from apps.agents.models import StopRequest
from bench.processes import is_listening, wait_until
from tests.gateways.contract import *  # noqa: F403
from tests.gateways.contract import message
from tests.gateways.practice import PracticeGateway


async def ask(gateway, text: str = "[[say:Fine]]", *, session: str = "", key: str = "", agent: str = "coder"):
    run = key or str(uuid4())
    return await gateway.client().run_agent(message(run, text), session or f"task:{run}", agent, idempotency_key=run)


async def test_result_says_that_it_is_for_practice(gateway, listener):
    run = uuid4()
    text = "<<<AB>>>\nTitle:\nTIDE-1: Mend the gate\n<<<AB end>>>"
    await gateway.client().run_agent(message(run, text), f"task:{run}", "coder")
    said = listener.wait_for(run, "run.finished")["text"]
    assert "I am the practice agent" in said
    assert "“TIDE-1: Mend the gate”" in said


@pytest.mark.parametrize(
    ("mode", "kind", "started"),
    [
        ("garbage", Kind.AMBIGUOUS, 0),
        ("unavailable", Kind.RETRY, 0),
        ("dropped", Kind.RETRY, 0),
        ("dropped_old", Kind.RETRY, 0),
        ("slow_down", Kind.RETRY, 0),
        ("reset", Kind.AMBIGUOUS, 1),
        ("slow", Kind.ADMITTED, 1),
        ("normal", Kind.ADMITTED, 1),
    ],
)
async def test_fault_happens_once_and_the_journal_tells_what_started(gateway, mode, kind, started):
    key = str(uuid4())
    gateway.fault(mode, times=1)
    assert (await ask(gateway, key=key)).kind is kind
    assert sum(line["key"] == key for line in gateway.journal("admitted")) == started
    assert (await ask(gateway, key=key)).kind is Kind.ADMITTED
    assert sum(line["key"] == key for line in gateway.journal("admitted")) == 1
    asked = [line["sha256"] for line in gateway.journal("request") if line["key"] == key]
    assert len(asked) == 2
    assert len(set(asked)) == 1


async def test_fault_slow_down_says_for_how_long(gateway):
    gateway.fault("slow_down", times=1, seconds=7)
    assert (await ask(gateway)).retry_after == 7


async def test_fault_hang_is_waited_for_to_the_limit(gateway, monkeypatch):
    monkeypatch.setattr(openclaw_client, "HOOKS", openclaw_client.outbound.Limits(read=0.2))
    gateway.fault("hang", times=1, seconds=2)
    assert (await ask(gateway)).kind is Kind.AMBIGUOUS


async def test_fault_refuse_never_gets_the_request(tmp_path):
    gateway = PracticeGateway(tmp_path)
    try:
        gateway.fault("refuse", seconds=3)
        wait_until(lambda: not is_listening(gateway.port), "it refuses connections")
        outcome = await ask(gateway)
        assert (outcome.kind, outcome.sent) == (Kind.RETRY, False)
        wait_until(lambda: is_listening(gateway.port), "it listens again")
        assert (await ask(gateway)).kind is Kind.ADMITTED
    finally:
        gateway.stop()


async def test_admission_times_out_while_the_session_is_busy(tmp_path):
    gateway = PracticeGateway(tmp_path, admission_seconds=0.2)
    try:
        await ask(gateway, "[[delay:3]]", session="task:1")
        outcome = await ask(gateway, session="task:1")
        assert outcome.kind is Kind.RETRY
        assert "admission timeout" in outcome.reason
        assert (await ask(gateway, session="task:2")).kind is Kind.ADMITTED
    finally:
        gateway.stop()


async def test_crash_forgets_keys_and_resumes_open_runs(tmp_path, listener):
    gateway = PracticeGateway(tmp_path, listener.url)
    try:
        done, open_run = str(uuid4()), str(uuid4())
        await ask(gateway, key=done)
        listener.wait_for(done, "run.finished")
        await ask(gateway, "[[delay:3]] [[say:At last]]", key=open_run)
        listener.wait_for(open_run, "run.started")
        gateway.kill_and_restart()
        assert listener.wait_for(open_run, "run.finished")["text"] == "At last"
        # What it was killed right after telling, it tells again.
        told = {event["id"]: event["event"] for event in listener.events(open_run)}
        assert [*told.values()] == [
            *("run.accepted", "run.started", "run.interrupted"),
            *("run.accepted", "run.started", "run.finished"),
        ]

        await ask(gateway, key=done)
        assert sum(line["key"] == done for line in gateway.journal("admitted")) == 2
        assert len(await gateway.client().get_session_history(f"agent:coder:task:{done}")) >= 3
    finally:
        gateway.stop()


async def test_markers_make_a_run_fail_or_stay_silent(gateway, listener):
    failing, silent = str(uuid4()), str(uuid4())
    await ask(gateway, "[[silent]]", key=silent)
    await ask(gateway, "[[fail:no paper]]", key=failing)
    finished = listener.wait_for(failing, "run.finished")
    assert (finished["status"], finished["error"]) == ("error", "no paper")
    assert listener.events(silent) == []


async def test_wrong_tokens_are_locked_out_after_twenty(tmp_path):
    gateway = PracticeGateway(tmp_path)
    try:
        stranger = gateway.client(hook_token="guessed-token")
        answers = [await stranger.wake("Hello") for _ in range(21)]
        assert {answer.status for answer in answers[:20]} == {401}
        assert (answers[20].status, answers[20].retry_after) == (429, 60)
        assert (await gateway.client().wake("Hello")).kind is Kind.ADMITTED
    finally:
        gateway.stop()


async def test_history_comes_in_pages(gateway, listener):
    session, last = f"task:{uuid4()}", ""
    for _ in range(60):
        last = str(uuid4())
        await ask(gateway, f"[[say:{last}]]", session=session, key=last)
    listener.wait_for(last, "run.finished")
    entries = await gateway.client().get_session_history(f"agent:coder:{session}")
    assert len(entries) == 120
    assert entries[-1].text == last
    assert entries == sorted(entries, key=lambda entry: entry.at)


async def test_reports_are_kept_until_they_are_taken(tmp_path, listener):
    gateway = PracticeGateway(tmp_path, listener.url)
    run = str(uuid4())
    try:
        listener.hand_on_to = "http://127.0.0.1:1"  # nobody there: 502
        await ask(gateway, key=run)
        await asyncio.sleep(0.5)
        listener.hand_on_to = ""
        wait_until(lambda: any(line["status"] == 200 for line in gateway.journal("callback")), "a report is taken")
    finally:
        listener.hand_on_to = ""
        gateway.stop()


async def test_room_question_is_answered_for_practice(gateway, listener):
    run = str(uuid4())
    before = "You are in a room.\n\nMessage by the person Ben:\nIt failed. [[fail]]\n"
    asked = "Asked by the person Ana in the room Tidewater:\n@scribe what happened today?\n"
    await ask(gateway, f"{before}\n{asked}", session=f"room:{uuid4()}", key=run)
    finished = listener.wait_for(run, "run.finished")
    assert finished["status"] == "ok"
    assert "practice agent" in finished["text"]
    assert "“@scribe what happened today?” Before that I was shown 1 message of this room." in finished["text"]


@pytest.mark.req("FLT-11")
async def test_dropped_send_is_reported_as_the_plugin_does(tmp_path, listener):
    gateway = PracticeGateway(tmp_path, listener.url, slots=1, admission_seconds=0.2)
    try:
        await ask(gateway, "[[delay:3]]", session="task:a", agent="main")
        busy, overloaded = f"task:{uuid4()}", f"task:{uuid4()}"
        assert (await ask(gateway, session="task:a", agent="main")).status == 503  # in line: of that nothing is said
        assert (await ask(gateway, session=overloaded)).status == 503
        wait_until(lambda: about(listener, overloaded, "run.dropped"), "the dropped send is told")
        [told] = about(listener, overloaded, "run.dropped")
        assert (told["teamboardRunId"], "status" in told) == (None, False)
        assert about(listener, "task:a", "run.dropped") == []

        gateway.fault("dropped_old", times=1)
        await ask(gateway, session=busy)
        wait_until(lambda: about(listener, busy, "run.finished"), "it is told as the old plugin did")
        [started], [ended] = about(listener, busy, "run.started"), about(listener, busy, "run.finished")
        assert (started["teamboardRunId"], ended["teamboardRunId"], ended["status"]) == (None, None, "aborted")
    finally:
        gateway.stop()


def about(listener, session: str, kind: str) -> list[dict]:
    return [event for event in listener.of_kind(kind) if event["sessionKey"].endswith(session)]


@pytest.mark.req("FLT-11")
async def test_run_stopped_by_the_gateway_leaves_no_answer(gateway, listener):
    run = str(uuid4())
    await ask(gateway, "[[abort]]", key=run)
    finished = listener.wait_for(run, "run.finished")
    assert (finished["status"], finished["error"], finished["text"]) == ("aborted", "agent run aborted", "")
    assert [entry.role for entry in await gateway.client().get_session_history(f"agent:coder:task:{run}")] == ["user"]
    heartbeats = [line for line in gateway.journal("heartbeat") if line["session"] == "agent:coder:main"]
    assert [line["swallowed"] for line in heartbeats]  # our plugin ends that turn: its agents have no heartbeats
    assert all(line["swallowed"] for line in heartbeats)


@pytest.mark.req("FLT-13")
async def test_run_killed_between_admission_and_start_is_gone(tmp_path, listener):
    gateway = PracticeGateway(tmp_path, listener.url)
    run = str(uuid4())
    try:
        assert (await ask(gateway, "[[late:60]]", key=run)).kind is Kind.ADMITTED
        gateway.kill_and_restart()
        with pytest.raises(openclaw_client.NotFound):
            await gateway.client().get_session_history(f"agent:coder:task:{run}")
        assert listener.events(run) == []
    finally:
        gateway.stop()


@pytest.mark.req("FLT-13")
async def test_open_run_beats(tmp_path, listener):
    gateway = PracticeGateway(tmp_path, listener.url, beat_seconds=0.1)
    run = str(uuid4())
    try:
        await ask(gateway, "[[delay:1]]", key=run)
        listener.wait_for(run, "run.finished")
        beats = [event for event in listener.of_kind("run.beat") if event["teamboardRunId"] == run]
        assert {(beat["phase"], beat["sessionKey"]) for beat in beats} == {("thinking", f"agent:coder:task:{run}")}
        assert len(beats) >= 3
    finally:
        gateway.stop()


@pytest.mark.req("FLT-14")
async def test_run_that_begins_late_is_stopped_before(gateway, listener):
    run = uuid4()
    assert (await ask(gateway, "[[late:1]] [[say:Too late]]", key=str(run))).kind is Kind.ADMITTED
    assert (await gateway.control().stop(run)).is_over
    assert listener.wait_for(run, "run.finished")["status"] == "aborted"
    assert not [line for line in gateway.journal("heartbeat") if str(run) in str(line)]


@pytest.mark.req("FLT-14")
async def test_stop_outlives_a_crash(listener, tmp_path):
    gateway = PracticeGateway(tmp_path, listener.url)
    run, later = uuid4(), uuid4()
    try:
        await ask(gateway, "[[hang]]", key=str(run))
        listener.wait_for(run, "run.started")
        gateway.stop(signal.SIGKILL)
        gateway.start()
        assert (await gateway.control().stop(run)).is_over
        assert (await gateway.control().stop(later)).is_over
        gateway.kill_and_restart()
        await ask(gateway, "[[say:Too late]]", key=str(later))
        for each in (run, later):
            assert listener.wait_for(each, "run.finished")["status"] == "aborted"
    finally:
        gateway.stop(signal.SIGKILL)


@pytest.mark.req("FLT-14")
async def test_crash_after_a_crash_loses_no_run(listener, tmp_path):
    """The second one comes before the run was taken up again."""
    run, slow = uuid4(), PracticeGateway(tmp_path, listener.url, speed=0.01)
    try:
        await ask(slow, "[[hang]]", key=str(run))
        listener.wait_for(run, "run.started")
        slow.kill_and_restart()
    finally:
        slow.stop(signal.SIGKILL)
    gateway = PracticeGateway(tmp_path, listener.url)
    try:
        wait_until(lambda: gateway.journal("resumed"), "the run goes on")
        assert (await gateway.control().stop(run)).is_over
        assert listener.wait_for(run, "run.finished")["status"] == "aborted"
    finally:
        gateway.stop(signal.SIGKILL)


@pytest.mark.req("FLT-14")
async def test_words_of_a_stopped_turn_are_handed_to_the_next(gateway, listener):
    run, after, session = uuid4(), uuid4(), f"task:{uuid4()}"
    await gateway.client().run_agent(message(run, "[[hang]] the old words"), session, "coder")
    listener.wait_for(run, "run.started")
    assert (await gateway.control().stop(run)).is_over
    await gateway.client().run_agent(message(after, "[[say:Yes]] the new words"), session, "coder")
    assert listener.wait_for(after, "run.finished")["text"] == "Yes"
    [line] = [line for line in gateway.journal("handed_on") if line["teamboard_run"] == str(after)]
    assert line["words"].startswith("[Queued user message from a previous active turn")
    assert "the old words" in line["words"]


@pytest.mark.req("FLT-14")
async def test_heartbeat_after_a_failure_goes_on_where_agents_have_some(tmp_path, listener):
    gateway, run = PracticeGateway(tmp_path, listener.url, heartbeats=None), str(uuid4())
    try:
        await ask(gateway, "[[fail]]", key=run)
        listener.wait_for(run, "run.finished")
        assert [line["swallowed"] for line in gateway.journal("heartbeat")] == [False]
    finally:
        gateway.stop()


@pytest.mark.req("FLT-14")
async def test_old_plugin_has_no_route(gateway):
    gateway.fault("old_plugin")
    try:
        answer = await gateway.control().stop(uuid4())
    finally:
        gateway.fault("normal")
    assert (answer.is_over, answer.reason) == (False, StopRequest.Reason.OLD_PLUGIN)
