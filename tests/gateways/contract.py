"""What Team Board asks of a gateway. Both the real one and the practice one have to pass.

Import all of it where a fixture `gateway` and a fixture `listener` are.
"""

import asyncio
import contextlib
import hashlib
import hmac
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps import outbound
from apps.agents.gateways import openclaw_client
from apps.agents.gateways.openclaw_client import (
    Kind,
    NotFound,
    Unauthorized,
    first_line,
)
from apps.agents.gateways.plugin_control import StopAnswer
from apps.agents.models import StopRequest
from bench.processes import wait_until


def message(run, text: str) -> str:
    return f"{first_line(run)}\n{text}"


async def test_gateway_is_live_and_lists_its_agents(gateway):
    assert await gateway.client().health() == openclaw_client.Health(is_live=True, is_ready=True)
    agents = await gateway.client().list_agents()
    assert [(agent.id, agent.name) for agent in agents] == [("main", "Main"), ("coder", "Coder")]


@pytest.mark.parametrize("path", ["/hooks/task-coder", "/hooks/agent"])
async def test_run_is_admitted_and_reported(gateway, listener, path):
    run = uuid4()
    text = f"[[say:It is done.]] [[usage:70:9]]\n{first_line(uuid4())}"
    outcome = await gateway.client().run_agent(message(run, text), f"task:{run}", "coder", path=path)
    assert outcome.kind is Kind.ADMITTED
    assert outcome.run_id

    finished = listener.wait_for(run, "run.finished")
    assert (finished["status"], finished["text"], finished["error"]) == ("ok", "It is done.", None)
    assert (finished["agentId"], finished["sessionKey"]) == ("coder", f"agent:coder:task:{run}")
    assert finished["usage"]["output"] == 9
    assert [event["event"] for event in listener.events(run)] == ["run.accepted", "run.started", "run.finished"]

    user, answer = await gateway.client().get_session_history(f"agent:coder:task:{run}")
    assert openclaw_client.run_named_in(user.text) == run
    assert (answer.role, answer.text, answer.stop_reason) == ("assistant", "It is done.", "stop")
    assert (answer.usage.tokens_out, answer.model) == (9, finished["model"])


async def test_reports_are_signed_with_our_secret(gateway, listener):
    run = uuid4()
    await gateway.client().run_agent(message(run, "[[say:Hello]]"), f"room:{run}", "main")
    listener.wait_for(run, "run.finished")
    secret = gateway.values["OPENCLAW_CALLBACK_SECRET"].encode()
    for headers, body in listener.received:
        stamp = headers["x-teamboard-timestamp"]
        mac = hmac.new(secret, f"{stamp}.".encode() + body, hashlib.sha256)
        assert headers["x-teamboard-signature"] == f"sha256={mac.hexdigest()}"
        assert abs(int(stamp) - timezone.now().timestamp()) < 300


async def test_same_key_and_bytes_run_once(gateway, listener):
    run = uuid4()
    path, body = openclaw_client.build_request(message(run, "[[say:Once]]"), f"task:{run}", agent_id="coder")
    first = await gateway.client().post_run(path, body, str(run))
    again = await gateway.client().post_run(path, body, str(run))
    assert first.kind is again.kind is Kind.ADMITTED
    assert first.run_id == again.run_id
    listener.wait_for(run, "run.finished")
    assert len(await gateway.client().get_session_history(f"agent:coder:task:{run}")) == 2


@pytest.mark.req("FLT-13")
async def test_start_of_the_gateway_is_told(gateway, listener):
    wait_until(lambda: listener.of_kind("gateway.started"), "the gateway's start is told")
    assert {event["teamboardRunId"] for event in listener.of_kind("gateway.started")} == {None}


async def test_session_continues_where_it_was(gateway, listener):
    session, first, second = f"task:{uuid4()}", uuid4(), uuid4()
    await gateway.client().run_agent(message(first, "[[turns]]"), session, "coder")
    listener.wait_for(first, "run.finished")
    await gateway.client().run_agent(message(second, "[[turns]]"), session, "coder")
    assert listener.wait_for(second, "run.finished")["text"] == "user turns: 2"


@pytest.mark.req("D5")
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"agent_id": "ghost"}, 'unknown agentId "ghost"'),
        ({"message": " "}, "message required"),
        ({"session_key": "other:1"}, "sessionKey must start with one of: task:, room:, hook:"),
        ({"session_key": "agent:coder:task:2"}, "sessionKey must start with one of"),
        ({"session_key": ""}, "sessionKey is required when sessionMode is persistent"),
        ({"message": "x" * 300_000}, "payload too large"),
        ({"path": "/hooks/task-ghost"}, "does not know this hook path (404)"),
        ({"path": "/hooks/task-coder", "session_key": "other:1"}, "sessionKey must start with one of"),
        ({"path": "/hooks/task-coder", "message": ""}, "hook mapping requires message"),
    ],
)
async def test_invalid_requests_are_refused(gateway, fields, reason):
    request = {"message": "Hello", "session_key": "task:1", "agent_id": "coder"} | fields
    outcome = await gateway.client().run_agent(**request)
    assert outcome.kind is Kind.REFUSED
    assert reason in outcome.reason


async def test_tokens_open_their_own_paths_only(gateway):
    hook, everything = gateway.values["OPENCLAW_TOKEN"], gateway.values["OPENCLAW_GATEWAY_TOKEN"]
    swapped = gateway.client(hook_token=everything, gateway_token=hook)
    assert (await swapped.run_agent("Hello", "task:1", "coder")).status == 401
    with pytest.raises(Unauthorized):
        await swapped.list_agents()
    assert not await gateway.client().hook_token_is_gateway_token()
    assert await swapped.hook_token_is_gateway_token()


async def test_unknown_session_is_not_found(gateway):
    with pytest.raises(NotFound):
        await gateway.client().get_session_history(f"agent:coder:task:{uuid4()}")


async def test_session_key_prefixes_are_read_from_the_refusal(gateway):
    for path in ("/hooks/agent", "/hooks/task-coder"):
        assert await gateway.client().session_key_prefixes("coder", path) == ("task:", "room:", "hook:")
    assert (await gateway.client().check_hook_token()).status == 400


async def test_wake_starts_no_run_of_ours(gateway):
    assert (await gateway.client().wake("Good morning.")).kind is Kind.ADMITTED


@pytest.mark.req("FLT-14")
async def test_running_run_is_stopped_and_the_next_one_of_its_session_goes_on(gateway, listener):
    run, after, session = uuid4(), uuid4(), f"task:{uuid4()}"
    await gateway.client().run_agent(message(run, "[[hang]]"), session, "coder")
    listener.wait_for(run, "run.started")
    assert await stopped(gateway, run)
    finished = listener.wait_for(run, "run.finished")
    assert (finished["status"], finished["text"]) == ("aborted", "")
    assert (await gateway.control().stop(run)).is_over  # once more, harmless
    await gateway.client().run_agent(message(after, "[[say:And now this.]]"), session, "coder")
    listener.wait_for(after, "run.started")
    rows = await gateway.client().get_session_history(f"agent:coder:{session}")
    assert [openclaw_client.run_named_in(row.text) for row in rows if row.role == "user"] == [after]
    assert await stopped(gateway, after)  # the real one is handed the [[hang]] of the stopped turn as well


@pytest.mark.req("FLT-14")
@pytest.mark.parametrize("path", ["/hooks/task-coder", "/hooks/agent"])
async def test_run_that_is_stopped_before_it_begins_never_does(gateway, listener, path):
    run = uuid4()
    assert (await gateway.control().stop(run)).is_over
    outcome = await gateway.client().run_agent(message(run, "[[say:Too late]]"), f"task:{run}", "coder", path=path)
    assert outcome.kind is Kind.ADMITTED
    finished = listener.wait_for(run, "run.finished")
    assert (finished["status"], finished["text"], finished["attempts"]) == ("aborted", "", 0)
    with contextlib.suppress(NotFound):
        assert await gateway.client().get_session_history(f"agent:coder:task:{run}") == []


@pytest.mark.req("FLT-14")
async def test_stop_touches_no_other_run_of_the_session(gateway, listener):
    run, session = uuid4(), f"task:{uuid4()}"
    await gateway.client().run_agent(message(run, "[[delay:1]] [[say:Unharmed]]"), session, "coder")
    listener.wait_for(run, "run.started")
    assert (await gateway.control().stop(uuid4())).is_over
    assert listener.wait_for(run, "run.finished")["text"] == "Unharmed"
    assert await gateway.control().stop(run) == StopAnswer(is_over=True)


@pytest.mark.req("FLT-14")
async def test_stop_is_taken_from_the_callback_secret_alone(gateway):
    for secret in ("another", gateway.values["OPENCLAW_TOKEN"], gateway.values["OPENCLAW_GATEWAY_TOKEN"]):
        answer = await gateway.control(secret).stop(uuid4())
        assert (answer.is_over, answer.reason) == (False, StopRequest.Reason.SECRET)


@pytest.mark.req("FLT-14")
async def test_stop_is_not_taken_twice_or_from_another_time(gateway, monkeypatch):
    control, real, sent = gateway.control(), outbound.request, []

    async def kept(*args, **kwargs):
        sent.append((args, kwargs))
        return await real(*args, **kwargs)

    monkeypatch.setattr(outbound, "request", kept)
    assert (await control.stop(uuid4())).is_over
    [(args, kwargs)] = sent
    assert (await real(*args, **kwargs)).status == 409
    late = timezone.now() + timedelta(seconds=400)
    monkeypatch.setattr(timezone, "now", lambda: late)
    assert (await control.stop(uuid4())).reason == StopRequest.Reason.CLOCK


@pytest.mark.req("FLT-14")
async def test_stop_in_the_answer_to_any_report_is_done_and_told(gateway, listener):
    run, other, stranger = uuid4(), uuid4(), uuid4()
    await gateway.client().run_agent(message(run, "[[hang]]"), f"task:{run}", "coder")
    listener.wait_for(run, "run.started")
    with answering(listener, [run, stranger], gateway.values["OPENCLAW_CALLBACK_SECRET"]):
        await gateway.client().run_agent(message(other, "[[delay:3]] [[say:Unharmed]]"), f"task:{other}", "coder")
        assert listener.wait_for(run, "run.finished")["status"] == "aborted"
        assert listener.wait_for(run, "stop.answered")["result"] in ("stopped", "ended", "will-stop")
        assert listener.wait_for(stranger, "stop.answered")["result"] == "will-not-start"
    assert listener.wait_for(other, "run.finished")["text"] == "Unharmed"


@pytest.mark.req("FLT-14")
async def test_stop_in_an_answer_that_is_signed_by_nobody_is_not_done(gateway, listener):
    run, other = uuid4(), uuid4()
    await gateway.client().run_agent(message(run, "[[delay:3]] [[say:Unharmed]]"), f"task:{run}", "coder")
    listener.wait_for(run, "run.started")
    with answering(listener, [run], "another secret"):
        await gateway.client().run_agent(message(other, "[[say:Hello]]"), f"task:{other}", "coder")
        listener.wait_for(other, "run.finished")
        assert listener.wait_for(run, "run.finished")["text"] == "Unharmed"
    assert [event for event in listener.of_kind("stop.answered") if event["teamboardRunId"] == str(run)] == []


@contextlib.contextmanager
def answering(listener, runs, secret: str):
    """Meanwhile the answers to reports name `runs`, which are to be stopped, even if a Team Board is there."""
    product, listener.hand_on_to = listener.hand_on_to, ""
    listener.stops, listener.secret = [str(run) for run in runs], secret
    try:
        yield
    finally:
        listener.stops, listener.secret, listener.hand_on_to = [], "", product


async def stopped(gateway, run) -> bool:
    """Ask until it is over, as the board does: a run that has not reached its model yet can't be aborted."""
    for _ in range(20):
        if (await gateway.control().stop(run)).is_over:
            return True
        await asyncio.sleep(0.2)
    return False
