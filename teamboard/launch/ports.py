"""Ports, on the loopback address unless another is named.

A port that was looked for and is bound later may be taken in between. So what can inherit a socket gets
one that listens already, and what can't is started again with another port when it has lost its own.
"""

import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from teamboard.launch import CannotStart

HOST = "127.0.0.1"
NEXT_PORTS = 50
TRIES = 5
BACKLOG = 512
IN_USE = "Address already in use"


class Service(Protocol):
    """Something that binds a port by itself."""

    port: int


def listening(wanted: int, host: str = HOST) -> list[socket.socket]:
    """Sockets of all addresses of `host` that listen on `wanted`, on one of the fifty ports behind it, or on any.

    They are ours from now on, whoever looks for a port meanwhile. Raises OSError when `host` is no
    address of this machine.
    """
    for port in range(wanted, min(wanted + NEXT_PORTS, 65536)):
        with suppress(PortTaken):
            return _listening_on(port, host)
    return _listening_on(0, host)


class PortTaken(OSError):
    pass


def _listening_on(port: int, host: str) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    for family, _kind, _protocol, _name, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        try:
            sockets.append(_listen(family, (address[0], port, *address[2:])))
        except OSError as exc:
            if exc.errno != errno.EADDRNOTAVAIL:
                close(sockets)
                raise PortTaken(exc.errno, exc.strerror) from exc
            missing = exc  # such as ::1 of localhost on a machine without IPv6
        else:
            port = sockets[0].getsockname()[1]
    if missing and not sockets:
        raise missing
    return sockets


def _listen(family: int, address: tuple[object, ...]) -> socket.socket:
    """At once: two sockets that are bound and do not listen yet may share a port."""
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def close(sockets: list[socket.socket]) -> None:
    for each in sockets:
        each.close()


def port_of(sockets: list[socket.socket]) -> int:
    return int(sockets[0].getsockname()[1])


def on_free_port(service: Service, start: Callable[[], None]) -> None:
    """Have `start` start `service`, whose port it is told; with another port when that was taken before.

    Raises what `start` raises: CannotStart with the last lines of the service.
    """
    for tries_left in reversed(range(TRIES)):
        service.port = any_free()
        try:
            start()
            return
        except CannotStart as exc:
            if not tries_left or (IN_USE not in str(exc) and is_free(service.port)):
                raise


def is_free(port: int) -> bool:
    try:
        close(_listening_on(port, HOST))
    except PortTaken:
        return False
    return True


def url(host: str, port: int) -> str:
    """Where to reach from this machine what listens on `host`, which may mean every address it has."""
    reached = {"0.0.0.0": HOST, "::": "::1"}.get(host, host)  # noqa: S104 - compared, not listened on
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def any_free() -> int:
    """One that is free now, for what binds it by itself a moment later."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
