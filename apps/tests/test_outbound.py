"""Where our own requests may go, tried down to the socket."""

import asyncio
import re
import socket
from pathlib import Path

import httpx
import pytest

from apps import outbound
from apps.outbound import ConnectionLost, ForbiddenAddress, Limits, TimedOut, TooLarge, Unreachable

pytestmark = pytest.mark.req("W7")

INSIDE = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://192.0.0.192/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[::7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a00:1::]/",
    "http://[2001:db8::1]/",
    "http://[2001::7f00:1]/",
    "http://localhost/",
]
NOT_WEB = [
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "ftp://example.com/",
    "//example.com/",
    "example.com",
    "http://",
    "http://user:secret@93.184.215.14/",
    "http://exa mple/",
]


@pytest.fixture
def no_one_connects(monkeypatch):
    """Fails the test when a connection is tried."""

    def connect(*_args):
        pytest.fail("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture
def nothing_allowed(settings):
    settings.OUTBOUND_ALLOWED_HOSTS = []


@pytest.fixture
def names(monkeypatch):
    """What the resolver says, by name; numbers stand for themselves."""
    known: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def look_up(host, port, *args, **kwargs):
        text = host.decode() if isinstance(host, bytes) else host
        return [found for address in known.get(text, [text]) for found in real(address, port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


@pytest.fixture
async def server(settings):
    """An HTTP server on loopback, which is allowed, that tells which host it was asked for: (port, requests)."""
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1"]
    requests = []

    async def serve(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        requests.append(head)
        path = head.split()[1]
        body = b"x" * int(path.removeprefix("/size/")) if path.startswith("/size/") else b"fine"
        status = b"302 Found\r\nLocation: http://10.0.0.1/" if path == "/away" else b"200 OK"
        writer.write(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield listening.sockets[0].getsockname()[1], requests
    listening.close()


@pytest.mark.usefixtures("nothing_allowed", "no_one_connects")
@pytest.mark.parametrize("url", INSIDE)
async def test_an_address_inside_is_never_connected_to(url):
    with pytest.raises(ForbiddenAddress, match="private network"):
        await outbound.request("GET", url)


@pytest.mark.usefixtures("nothing_allowed", "no_one_connects")
@pytest.mark.parametrize("url", NOT_WEB)
async def test_only_plain_web_addresses_are_asked(url):
    with pytest.raises((ForbiddenAddress, Unreachable)) as refusal:
        await outbound.request("GET", url)
    assert not refusal.value.sent
    assert "secret" not in str(refusal.value)


@pytest.mark.usefixtures("nothing_allowed", "no_one_connects")
async def test_a_name_that_points_inside_is_refused(names):
    names["rebind.example"] = ["93.184.215.14", "127.0.0.1"]
    with pytest.raises(ForbiddenAddress):
        await outbound.request("GET", "http://rebind.example/")


@pytest.mark.usefixtures("nothing_allowed", "no_one_connects")
async def test_other_ports_than_the_web_s_are_refused():
    with pytest.raises(ForbiddenAddress, match="Port 22"):
        await outbound.request("GET", "http://93.184.215.14:22/")


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f::1", "64:ff9b::5db8:d70e"])
async def test_a_public_address_passes(nothing_allowed, address):
    host = f"[{address}]" if ":" in address else address
    (checked,) = await outbound.checked_addresses(httpx.URL(f"https://{host}/"))
    assert str(checked) == address


async def test_the_connection_goes_to_the_address_that_was_checked(server, names, settings, monkeypatch):
    port, requests = server
    settings.OUTBOUND_ALLOWED_HOSTS = [f"gateway.example:{port}"]
    names["gateway.example"] = ["127.0.0.1"]
    look_up, asked = socket.getaddrinfo, []
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *args, **kwargs: asked.append(host) or look_up(host, *args, **kwargs)
    )
    answer = await outbound.request("GET", f"http://gateway.example:{port}/")
    assert (answer.status, answer.body) == (200, b"fine")
    assert f"host: gateway.example:{port}" in requests[0].lower()
    assert [host for host in asked if "gateway" in str(host)] == ["gateway.example"]


@pytest.mark.parametrize("entry", ["127.0.0.1", "127.0.0.1:{port}", "127.0.0.0/8"])
async def test_the_operator_allows_a_host_a_port_or_a_network(server, settings, entry):
    port, _ = server
    settings.OUTBOUND_ALLOWED_HOSTS = [entry.format(port=port)]
    assert (await outbound.request("GET", f"http://127.0.0.1:{port}/")).status == 200


@pytest.mark.usefixtures("no_one_connects")
@pytest.mark.parametrize("entry", ["127.0.0.1:1", "gateway.example", "127.0.0.1", "10.0.0.0/8"])
async def test_an_allowed_host_lets_no_other_in(names, settings, entry):
    settings.OUTBOUND_ALLOWED_HOSTS = [entry]
    names["evil.example"] = ["127.0.0.1"]
    with pytest.raises(ForbiddenAddress):
        await outbound.request("GET", "http://evil.example:8080/")


async def test_a_dead_address_gives_way_to_the_next(server, names, settings):
    port, _ = server
    settings.OUTBOUND_ALLOWED_HOSTS = ["gateway.example"]
    names["gateway.example"] = ["127.0.0.2", "127.0.0.1"]
    assert (await outbound.request("GET", f"http://gateway.example:{port}/")).status == 200


async def test_a_redirect_is_an_answer_not_a_way(server):
    port, requests = server
    assert (await outbound.request("GET", f"http://127.0.0.1:{port}/away")).status == 302
    assert len(requests) == 1


async def test_proxies_from_the_environment_are_not_used(server, monkeypatch):
    port, requests = server
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert (await outbound.request("GET", f"http://127.0.0.1:{port}/")).status == 200
    assert requests[0].startswith("GET / ")


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False)])
async def test_an_answer_is_read_to_its_limit(server, size, fits):
    port, _ = server
    asking = outbound.request("GET", f"http://127.0.0.1:{port}/size/{size}", limits=Limits(size=1000))
    if fits:
        assert len((await asking).body) == size
    else:
        with pytest.raises(TooLarge):
            await asking


async def test_a_name_that_nobody_knows_is_unreachable(monkeypatch):
    def nobody(*_args, **_kwargs):
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(Unreachable, match="name is not known"):
        await outbound.request("GET", "http://nobody.example/")


@pytest.mark.parametrize(
    ("error", "ours", "sent"),
    [
        (httpx.ConnectTimeout(""), TimedOut, False),
        (httpx.PoolTimeout(""), TimedOut, False),
        (httpx.ReadTimeout(""), TimedOut, True),
        (httpx.ConnectError(""), Unreachable, False),
        (httpx.ReadError(""), ConnectionLost, True),
        (httpx.RemoteProtocolError(""), ConnectionLost, True),
    ],
)
async def test_every_way_to_fail_says_whether_it_was_sent(error, ours, sent):
    def fail(_request):
        raise error

    with pytest.raises(ours) as failure:
        await outbound.request("GET", "http://x.example/", transport=httpx.MockTransport(fail))
    assert failure.value.sent is sent


def test_nobody_else_opens_http_connections():
    """One client means one guard. The gateway's client names httpx for a type; the launcher asks itself."""
    root = Path(__file__).parents[2]
    client = re.compile(
        r"^\s*(?:import|from) (?:httpx|httpcore|requests|aiohttp|urllib3|urllib\.request|http\.client)\b"
    )
    allowed = {root / "apps/outbound.py", root / "apps/agents/gateways/openclaw_client.py"}
    others = [
        f"{path.relative_to(root)}:{number}"
        for folder in ("apps", "teamboard")
        for path in (root / folder).rglob("*.py")
        if path not in allowed and not {"tests", "launch", "conftest.py"} & set(path.parts)
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if client.match(line)
    ]
    assert not others
