"""The connections of a process that wait for their clients, and how many of them one address may have."""

import asyncio
import logging
import resource
from collections import Counter
from contextlib import suppress
from typing import Protocol

MOST_OF_ADDRESS = 256
MOST_BYTES = 512 * 1024 * 1024  # of all bodies that are not complete
GRACE_SECONDS = 5.0  # so long more of one address may wait: a burst, whose requests are on their way
MOST_FILES = 65_536
FEW_FILES = 2048

log = logging.getLogger(__name__)


class Waiting(Protocol):
    address: str  # "" is a proxy of ours, which may have any number
    waits_since: float
    received: int  # bytes of a body

    def turn_away(self) -> None:
        """Close it; it removes itself."""


class WaitingConnections:
    """By address, the one that has waited longest first.

    Where there are too many, those that have waited longest are turned away, not those that come: a request that is
    sent in one go is taken, whatever else its address does.
    """

    def __init__(self, most: int, most_of_address: int = MOST_OF_ADDRESS, most_bytes: int = MOST_BYTES) -> None:
        self.most, self.most_of_address, self.most_bytes = most, most_of_address, most_bytes
        self.by_address: dict[str, dict[Waiting, None]] = {}
        self.bytes_of: Counter[str] = Counter()
        self.count = self.bytes = 0
        self.looked_after: set[str] = set()

    def add(self, connection: Waiting) -> None:
        self.by_address.setdefault(connection.address, {})[connection] = None
        self.count += 1
        if self.has_too_many(connection.address) and connection.address not in self.looked_after:
            self.looked_after.add(connection.address)
            self.limit(connection.address)
        if self.count > self.most:
            self.turn_longest_away(max(self.by_address, key=lambda address: len(self.by_address[address])))

    def remove(self, connection: Waiting) -> None:
        of_address = self.by_address[connection.address]
        del of_address[connection]
        self.count -= 1
        self.bytes -= connection.received
        self.bytes_of[connection.address] -= connection.received
        if not of_address:
            del self.by_address[connection.address], self.bytes_of[connection.address]

    def count_bytes(self, connection: Waiting, received: int) -> None:
        self.bytes += received
        self.bytes_of[connection.address] += received
        if self.bytes > self.most_bytes:
            self.turn_longest_away(max(self.bytes_of, key=self.bytes_of.__getitem__))

    def has_too_many(self, address: str) -> bool:
        return bool(address) and len(self.by_address.get(address, ())) > self.most_of_address

    def limit(self, address: str) -> None:
        """Turn away what is over the limit and has had its grace, and look again while there is more."""
        loop = asyncio.get_running_loop()
        while self.has_too_many(address):
            grace_ends = next(iter(self.by_address[address])).waits_since + GRACE_SECONDS
            if grace_ends > loop.time():
                loop.call_at(grace_ends, self.limit, address)
                return
            self.turn_longest_away(address)
        self.looked_after.discard(address)

    def turn_longest_away(self, address: str) -> None:
        next(iter(self.by_address[address])).turn_away()


def most_connections() -> int:
    """Half of the files that this process may open, of which it takes as many as it can get."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # macOS allows fewer than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < FEW_FILES:
        log.warning("Few files may be open, so few people can be connected: raise ulimit -n", extra={"files": soft})
    return (wanted if soft == resource.RLIM_INFINITY else soft) // 2
