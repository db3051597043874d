import asyncio
import resource

import pytest

from teamboard.web import waiting_connections
from teamboard.web.addresses import network_of
from teamboard.web.waiting_connections import WaitingConnections, most_connections

pytestmark = pytest.mark.req("FLT-35")


class Connection:
    def __init__(self, waiting: WaitingConnections, address: str, since: float = 0.0) -> None:
        self.waiting, self.address, self.waits_since, self.received = waiting, address, since, 0
        self.is_open = True
        waiting.add(self)

    def turn_away(self) -> None:
        self.is_open = False
        self.waiting.remove(self)


def are_open(connections: list[Connection]) -> list[bool]:
    return [each.is_open for each in connections]


async def test_limit_turns_longest_of_address_away():
    waiting = WaitingConnections(most=100, most_of_address=2)
    other = Connection(waiting, "192.0.2.9")
    of_one = [Connection(waiting, "192.0.2.1") for _ in range(4)]
    assert are_open(of_one) == [False, False, True, True]
    assert other.is_open


async def test_burst_has_its_grace(monkeypatch):
    monkeypatch.setattr(waiting_connections, "GRACE_SECONDS", 0.2)
    waiting = WaitingConnections(most=100, most_of_address=2)
    loop = asyncio.get_running_loop()
    burst = [Connection(waiting, "192.0.2.1", loop.time()) for _ in range(5)]
    assert are_open(burst) == [True] * 5
    burst[1].turn_away()  # its request came
    while sum(are_open(burst)) > 2:
        await asyncio.sleep(0.01)
    assert are_open(burst) == [False, False, False, True, True]


async def test_proxy_may_have_any_number():
    waiting = WaitingConnections(most=100, most_of_address=2)
    assert all(are_open([Connection(waiting, "") for _ in range(50)]))


async def test_limit_of_process_meets_address_with_most():
    waiting = WaitingConnections(most=5, most_of_address=100)
    few = [Connection(waiting, "192.0.2.1") for _ in range(2)]
    many = [Connection(waiting, "192.0.2.2") for _ in range(5)]
    assert are_open(few) == [True, True]
    assert are_open(many) == [False, False, True, True, True]


async def test_limit_of_bytes_meets_address_with_most():
    waiting = WaitingConnections(most=100, most_bytes=1000)
    one, other = Connection(waiting, "192.0.2.1"), Connection(waiting, "192.0.2.2")
    for connection, size in ((one, 600), (other, 300), (other, 200)):
        connection.received += size
        waiting.count_bytes(connection, size)
    assert (one.is_open, other.is_open, waiting.bytes) == (False, True, 500)


def test_open_files_are_raised_to_what_is_allowed():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1024), hard))
    try:
        most = most_connections()
        now, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert now >= min(soft, 1024)
    assert most == now // 2


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:1:2:3:4:5", "2001:db8:0:1::/64"),
        ("fe80::7%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_network_counts_ipv6_by_its_64(address, network):
    assert network_of(address) == network


@pytest.mark.req("FLT-8")
@pytest.mark.parametrize(("files", "is_told"), [(1024, True), (65_536, False)])
def test_few_open_files_are_told(monkeypatch, caplog, files, is_told):
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (files, files))
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limits: None)
    assert most_connections() == files // 2
    assert ("Few files" in caplog.text) is is_told
