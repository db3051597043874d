"""The one way out: every HTTP request that Team Board itself makes goes through here.

An address that a person typed may point at our own network. So a name is looked up once, all
addresses it has must be public or allowed by the operator, and the connection goes to the address
that was checked, while TLS still verifies the name. Redirects are never followed, proxies from the
environment are not used, size and time have limits.

Each purpose has a permission of its own, and none opens an address to another: repositories and
forges ask OUTBOUND_ALLOWED_HOSTS; a gateway's row and the sign-in provider's variables are the
operator's word for that one address (`is_named_by_operator`); link previews have none (`only_public`).
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpx
from django.conf import settings

SCHEMES = {"http": 80, "https": 443}
NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Special networks that Python before 3.12.4 takes for global.
SPECIAL = [ipaddress.ip_network(net) for net in ("192.0.0.0/24", "64:ff9b:1::/48", "2001::/23", "3fff::/20")]

Transport = httpx.AsyncBaseTransport  # what a test may put in the place of the network
type Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class OutboundError(Exception):
    """There is no whole answer. `sent` says whether the other side may have seen the request."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class ForbiddenAddress(OutboundError):
    """The address is not one that we talk to; nothing was sent."""

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=False)


class Unreachable(OutboundError):
    """No connection came about; nothing was sent."""

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=False)


class TimedOut(OutboundError):
    """One of the time limits passed."""


class ConnectionLost(OutboundError):
    """The connection broke after the request had begun, or what came back was not HTTP."""

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=True)


class TooLarge(OutboundError):
    """The answer is longer than the limit; the rest of it was not read."""

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=True)


@dataclass(frozen=True)
class Limits:
    """Seconds, and bytes of the answer's body."""

    connect: float = 3
    read: float = 20
    total: float = 25
    size: int = 64 * 1024


@dataclass(frozen=True)
class Answer:
    status: int
    headers: httpx.Headers
    body: bytes


async def request(
    method: str,
    url: str,
    *,
    headers: dict[str, str] | None = None,
    content: bytes | None = None,
    limits: Limits = Limits(),
    transport: httpx.AsyncBaseTransport | None = None,
    is_named_by_operator: bool = False,
) -> Answer:
    """Send one request and read the whole answer, whatever its status. Raises OutboundError."""
    sent = False
    transport = transport or GuardedTransport(is_named_by_operator=is_named_by_operator)

    async def notice_sending(event: str, _details: dict[str, Any]) -> None:
        nonlocal sent
        sent = sent or event.endswith("send_request_headers.started")

    try:
        async with (
            asyncio.timeout(limits.total),
            async_client(limits=limits, transport=transport) as client,
            client.stream(
                method, url, headers=headers, content=content, extensions={"trace": notice_sending}
            ) as response,
        ):
            return Answer(response.status_code, response.headers, await _read(response, limits.size))
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as exc:
        raise ForbiddenAddress("This is not a web address.") from exc
    except (httpx.LocalProtocolError, UnicodeEncodeError):  # their texts may quote a secret header
        raise Unreachable("HTTP can't carry this request.") from None
    except (httpx.ConnectTimeout, httpx.PoolTimeout) as exc:
        raise TimedOut("No connection within the time limit.", sent=False) from exc
    except httpx.ConnectError as exc:
        raise Unreachable(f"No connection: {exc}.") from exc
    except httpx.TimeoutException as exc:
        raise TimedOut("No answer within the time limit.", sent=True) from exc
    except TimeoutError as exc:
        raise TimedOut(f"Not finished after {limits.total:g} seconds.", sent=sent) from exc
    except httpx.TransportError as exc:
        raise ConnectionLost("The connection broke before the answer was complete.") from exc


@asynccontextmanager
async def kept_open(
    transport: Transport | None = None, *, is_named_by_operator: bool = False
) -> AsyncIterator[Transport]:
    """A transport for a few requests to one address, which share a connection where the other side keeps it open.

    Closed at the end; `transport` is what a test puts in the place of the network.
    """
    inner = transport or GuardedTransport(is_named_by_operator=is_named_by_operator)
    try:
        yield _KeptOpen(inner)
    finally:
        await inner.aclose()


class _KeptOpen(httpx.AsyncBaseTransport):
    """Outlives the client of each request."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Left to who has opened it."""


def is_on_this_machine(url: str) -> bool:
    """Whether the address is a loopback one by its own letters: what another name stands for may change."""
    try:
        host = httpx.URL(url).host.lower()  # as the request that is sent there reads it
        return host == "localhost" or _without_envelope(ipaddress.ip_address(host)).is_loopback
    except (httpx.InvalidURL, ValueError):
        return False


def async_client(
    *,
    limits: Limits = Limits(),
    transport: httpx.AsyncBaseTransport | None = None,
) -> httpx.AsyncClient:
    """An httpx client behind the guard, for libraries that want one. It limits no size and no total."""
    return httpx.AsyncClient(
        transport=transport or GuardedTransport(),
        timeout=httpx.Timeout(limits.read, connect=limits.connect),
        headers={"Accept-Encoding": "identity", "User-Agent": "TeamBoard"},
        follow_redirects=False,
        trust_env=False,
    )


class GuardedTransport(httpx.AsyncBaseTransport):
    """Connects to the addresses that were checked, in their order; the name is not looked up again."""

    def __init__(self, *, only_public: bool = False, is_named_by_operator: bool = False) -> None:
        """`only_public` leaves out what the operator has allowed besides; `is_named_by_operator` allows any address."""
        self._only_public = only_public
        self._is_named_by_operator = is_named_by_operator
        self._inner = httpx.AsyncHTTPTransport(verify=_trust(), trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        wait = request.extensions.get("timeout", {}).get("connect")
        *others, last = await checked_addresses(
            request.url, wait, only_public=self._only_public, is_named_by_operator=self._is_named_by_operator
        )
        for address in others:
            try:
                return await self._inner.handle_async_request(_pinned(request, address))
            except httpx.ConnectError:
                continue
        return await self._inner.handle_async_request(_pinned(request, last))

    async def aclose(self) -> None:
        await self._inner.aclose()


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """Loading the certificates takes longer than most requests."""
    return httpx.create_ssl_context(trust_env=False)


def _pinned(request: httpx.Request, address: Address) -> httpx.Request:
    """The same request to `address`: its Host header and its certificate's name stay as they were."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )


async def _read(response: httpx.Response, size: int) -> bytes:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise ConnectionLost("The answer is compressed, which nobody asked for.")
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > size:
            raise TooLarge(f"The answer is longer than {size} bytes.")
    return bytes(body)


async def checked_addresses(
    url: httpx.URL,
    wait: float | None = Limits.connect,
    *,
    only_public: bool = False,
    is_named_by_operator: bool = False,
) -> list[Address]:
    """Every address of the URL's host, all of them allowed, looked up within `wait` seconds.

    Raises ForbiddenAddress when one of them is not: a name that has both is a trick.
    """
    if url.scheme not in SCHEMES:
        raise ForbiddenAddress("Only http and https addresses are used.")
    if url.userinfo:
        raise ForbiddenAddress("An address must not contain a password.")
    port = url.port or SCHEMES[url.scheme]
    if is_named_by_operator:
        return await _look_up(url.host, port, wait)
    return await addresses_of(url.host, port, wait=wait, only_public=only_public)


async def addresses_of(
    host: str,
    port: int,
    *,
    ports: Container[int] = SCHEMES.values(),
    wait: float | None = Limits.connect,
    only_public: bool = False,
) -> list[Address]:
    """The same for a `host` that something else than HTTP talks to, at one of its usual `ports`."""
    addresses = await _look_up(host, port, wait)
    for address in addresses:
        if only_public or not _is_listed(host, port, address):
            advice = "" if only_public else f" To allow it, add {setting_value(host, port)} to OUTBOUND_ALLOWED_HOSTS."
            _check_public(address, port, ports, advice)
    return addresses


async def _look_up(host: str, port: int, wait: float | None) -> list[Address]:
    with suppress(ValueError):
        return [ipaddress.ip_address(host)]  # written as one: there is nothing to look up
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(wait):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError as exc:
        raise TimedOut("The name was not found within the time limit.", sent=False) from exc
    except (OSError, UnicodeError) as exc:
        raise Unreachable("The name is not known.") from exc
    return [ipaddress.ip_address(sockaddr[0]) for *_, sockaddr in found]


def _is_listed(host: str, port: int, address: Address) -> bool:
    """Whether the operator allows this: as "host", "host:port", or by a network its address is in.

    An entry without a slash is a name, so that no other name gets in by pointing at the same address.
    """
    name = _bracketed(host)
    for entry in settings.OUTBOUND_ALLOWED_HOSTS:
        if "/" in entry:
            if _carried(address) in ipaddress.ip_network(entry, strict=False):
                return True
        elif entry.lower() in (host, name, f"{name}:{port}"):
            return True
    return False


def _check_public(address: Address, port: int, ports: Container[int], advice: str) -> None:
    target = _carried(address)
    is_special = target.is_multicast or target.is_reserved or any(target in net for net in SPECIAL)
    if is_special or not target.is_global:
        raise ForbiddenAddress(f"This address is inside a private network.{advice}")
    if port not in ports:
        raise ForbiddenAddress(f"Port {port} is not allowed.{advice}")


def setting_value(host: str, port: int) -> str:
    """What allows this host and port, and no other, in OUTBOUND_ALLOWED_HOSTS."""
    return f"{_bracketed(host)}:{port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _carried(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that is only its envelope (mapped, 6to4, NAT64), else itself."""
    if address.version == 4:
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.sixtofour or _without_envelope(address)


def _without_envelope(address: Address) -> Address:
    """The IPv4 address that an IPv6 one maps (::ffff:127.0.0.1), which this machine calls as it would that one."""
    return (address.ipv4_mapped if address.version == 6 else None) or address
