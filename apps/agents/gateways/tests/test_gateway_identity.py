"""Before a token goes out, who answers at the gateway's address is known."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from apps.agents.gateways.openclaw_client import GatewayError, Kind, OpenClawClient
from apps.agents.models import Gateway
from apps.agents.runs import dispatch
from apps.agents.tests.factories import GatewayFactory, agent_in, run_of
from tests.gateways.practice import SECRETS, PracticeGateway

pytestmark = [pytest.mark.req("FLT-3"), pytest.mark.queue_off]
SECRET = "callback-secret"


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    gateway = PracticeGateway(tmp_path_factory.mktemp("gateway"))
    yield gateway
    gateway.stop()


@asynccontextmanager
async def stranger(answer: bytes):
    """Somebody else at the gateway's port, who answers everything alike and keeps what it was sent."""
    heard: list[bytes] = []

    async def serve(reader, writer):
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer)}\r\nConnection: close\r\n"
        signature = b"X-Teamboard-Signature: sha256=" + b"0" * 64 + b"\r\n\r\n"
        writer.write(head.encode() + signature + answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard


def row(url: str, **fields: object) -> Gateway:
    return Gateway(**{"url": url, "callback_secret": SECRET, **SECRETS, **fields})


ANSWERS = {
    "a web page": b"<h1>It works!</h1>",
    "nothing": b"",
    "what a hook answers": b'{"ok": true, "runId": "x"}',
    "info without a signature": b'{"ok": true, "gateway": "2026.9.6", "plugin": "1.2.0", "agents": ["main"]}',
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_no_token_is_sent_to_a_stranger(answer):
    async with stranger(answer) as (url, heard):
        client = OpenClawClient.for_gateway(row(url))
        outcome = await client.run_agent("Hello", "task:1")
        assert (outcome.kind, outcome.sent) == (Kind.RETRY, False)
        assert "no OpenClaw gateway" in outcome.reason
        with pytest.raises(GatewayError):
            await client.list_agents()
        with pytest.raises(GatewayError):
            await client.get_session_history("agent:main:task:1")
        assert not await client.hook_token_is_gateway_token()
    sent = b"".join(heard).lower()
    assert heard
    assert b"authorization" not in sent
    assert not any(token.encode() in sent for token in SECRETS.values())


@pytest.mark.parametrize("known", [{"is_practice": True}, {"proved_at": "2026-11-30T00:00:00Z"}])
async def test_no_token_is_sent_to_who_imitates_a_gateway_that_can_prove_itself(known):
    async with stranger(b'{"ok": true, "status": "live"}') as (url, heard):
        outcome = await OpenClawClient.for_gateway(row(url, **known)).run_agent("Hello", "task:1")
        assert "did not prove to be the gateway" in outcome.reason
    assert b"authorization" not in b"".join(heard).lower()


async def test_no_token_is_sent_to_another_boards_gateway(practice):
    before = practice.journal("request")
    outcome = await OpenClawClient.for_gateway(row(practice.url, callback_secret="other")).run_agent("Hello", "task:1")
    assert "another callback secret" in outcome.reason
    assert practice.journal("request") == before


async def test_gateway_that_proves_itself_is_sent_the_run(practice):
    client = OpenClawClient.for_gateway(row(practice.url))
    assert (await client.run_agent("Hello", "task:1", "coder")).kind is Kind.ADMITTED
    assert client.identity.is_proved
    assert client.identity.info["agents"] == ["main", "coder"]


async def test_gateway_without_our_route_is_sent_the_run_if_it_speaks_as_openclaw(practice):
    practice.fault("old_plugin")
    try:
        client = OpenClawClient.for_gateway(row(practice.url))
        assert (await client.run_agent("Hello", "task:2", "coder")).kind is Kind.ADMITTED
        assert not client.identity.is_proved
        once = OpenClawClient.for_gateway(row(practice.url, proved_at="2026-11-30T00:00:00Z"))
        assert (await once.run_agent("Hello", "task:3", "coder")).kind is Kind.RETRY
    finally:
        practice.fault("normal")


@pytest.mark.django_db
def test_dispatch_remembers_that_a_gateway_proved_itself(practice, board, ana):
    gateway = GatewayFactory(url=practice.url, callback_secret=SECRET, **SECRETS)
    coder = agent_in(board, "Coder", gateway=gateway)
    run_of(coder, ana)
    dispatch.start_next(coder.pk, "worker-1")
    gateway.refresh_from_db()
    assert gateway.proved_at is not None


@asynccontextmanager
async def counted(port: int):
    """A relay to that port of this machine; `taken` has an entry for each connection."""
    taken: list[int] = []

    async def pipe(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def relay(reader, writer):
        taken.append(len(taken))
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pipe(reader, inner_writer), pipe(inner_reader, writer))

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", taken


async def test_a_token_goes_by_the_connection_on_which_the_gateway_proved_itself(practice):
    async with counted(int(practice.url.rpartition(":")[2])) as (url, taken):
        client = OpenClawClient.for_gateway(row(url))
        outcome = await client.run_agent("Hello", "task:one-connection")
        assert client.identity.is_proved
    assert (outcome.kind, len(taken)) == (Kind.ADMITTED, 1)
