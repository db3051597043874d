"""What Team Board asks of a gateway. Both the real one and the practice one have to pass.

Import all of it where a fixture `gateway` and a fixture `listener` are.
"""

import hashlib
import hmac
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.agents.gateways import openclaw_client
from apps.agents.gateways.openclaw_client import (
    Kind,
    NotFound,
    Unauthorized,
    first_line,
)
from bench.processes import wait_until


def message(run, text: str) -> str:
    return f"{first_line(run)}\n{text}"


async def test_gateway_is_live_and_lists_its_agents(gateway):
    assert await gateway.client().health() == openclaw_client.Health(is_live=True, is_ready=True)
    agents = await gateway.client().list_agents()
    assert [(agent.id, agent.name) for agent in agents] == [("main", "Main"), ("coder", "Coder")]
    assert all(agent.model for agent in agents)


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
