"""HTTP as far as a gateway speaks it: requests that are read, replies and refusals."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

MAX_BODY = 256 * 1024
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 503: "Service Unavailable"}


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    is_too_large: bool = False

    def bearer(self) -> str:
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else ""


@dataclass
class Reply:
    status: int
    value: object = None  # JSON, or text as it is
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        is_text = isinstance(self.value, str)
        body = self.value.encode() if is_text else json.dumps(self.value, ensure_ascii=False).encode()
        kind = "text/plain" if is_text else "application/json"
        lines = [
            f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Status')}",
            f"Content-Type: {kind}; charset=utf-8",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode() + body


class Refusal(Exception):
    def __init__(self, status: int, value: object, **headers: str) -> None:
        self.reply = Reply(status, value, {name.replace("_", "-"): text for name, text in headers.items()})


def bad_request(error: str, status: int = 400) -> Refusal:
    return Refusal(status, {"ok": False, "error": error})


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The connection's next request; None when it is over."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    headers = {name.strip().lower(): text.strip() for name, text in pairs}
    size = int(headers.get("content-length") or 0)
    is_too_large = size > MAX_BODY
    with contextlib.suppress(asyncio.IncompleteReadError):
        body = b"" if is_too_large else await reader.readexactly(size)
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return Request(method, parts.path, query, headers, body, is_too_large)
    return None


def reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection off, so that the caller sees it broken."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def parsed(body: bytes) -> dict:
    try:
        value = json.loads(body)
    except ValueError:
        raise bad_request("Expected property name or '}' in JSON at position 1") from None
    if not isinstance(value, dict):
        raise bad_request("body must be an object")
    return value


def text_in(body: dict, name: str) -> bool:
    return isinstance(body.get(name), str) and bool(body[name].strip())
