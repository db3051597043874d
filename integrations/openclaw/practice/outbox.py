"""Reports to Team Board, as our plugin sends them: signed, kept until they are taken, and their answers read."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from practice.journal import Journal
from practice.wire import Refusal, parsed


def signature(secret: bytes, signed: bytes) -> str:
    return f"sha256={hmac.new(secret, signed, hashlib.sha256).hexdigest()}"


async def post(url: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
    """The status that a POST gets, with the signature and the body of the answer."""
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    context = ssl.create_default_context() if is_tls else None
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or (443 if is_tls else 80), ssl=context)
    try:
        lines = [
            f"POST {parts.path or '/'} HTTP/1.1",
            f"Host: {parts.netloc}",
            f"Content-Length: {len(body)}",
            "Connection: close",
            *(f"{name}: {text}" for name, text in headers.items()),
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
        head, _, text = (await reader.read()).partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        answered = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        return int(first.split()[1]), answered.get("x-teamboard-signature", ""), text
    except IndexError as error:
        raise EOFError("no answer") from error
    finally:
        writer.close()


class Outbox:
    """Callbacks are kept on disk until Team Board took them; those of one session keep their order."""

    LANES = 8

    def __init__(self, folder: Path, url: str, secret: str, journal: Journal) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._url, self._secret, self._journal = folder, url, secret, journal
        self._lanes: list[asyncio.Queue[Path]] = [asyncio.Queue() for _ in range(self.LANES)]
        self._serial = 0
        self.on_answer: Callable[[dict, dict], None] = lambda event, answer: None  # what the board says, and signed

    def start(self) -> list[asyncio.Task]:
        for file in sorted(self._folder.glob("*.json")):
            self._lane(json.loads(file.read_text())).put_nowait(file)
        return [asyncio.create_task(self._send_all(lane)) for lane in self._lanes]

    def put(self, event: dict) -> None:
        if not self._url:
            return
        self._serial += 1
        file = self._folder / f"{event['createdAt']:015d}-{self._serial:06d}-{event['id']}.json"
        temporary = file.with_suffix(".tmp")
        temporary.write_text(json.dumps(event))
        temporary.rename(file)
        self._lane(event).put_nowait(file)

    def _lane(self, event: dict) -> asyncio.Queue[Path]:
        return self._lanes[hash(event["sessionKey"]) % self.LANES]

    async def _send_all(self, lane: asyncio.Queue[Path]) -> None:
        while True:
            file = await lane.get()
            event = json.loads(file.read_text())
            pause = 0.2
            while not await self._deliver(event):
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5)
            file.unlink(missing_ok=True)

    async def try_once(self, event: dict) -> None:
        if self._url:
            await self._deliver(event)

    async def answer_to(self, event: dict) -> int | str:
        """What Team Board says to `event`: its status, or why there is none."""
        if not self._url:
            return "no url"
        try:
            return (await asyncio.wait_for(post(self._url, *self._signed(event)), 10))[0]
        except (OSError, ValueError, EOFError, TimeoutError) as error:
            return type(error).__name__

    async def _deliver(self, event: dict) -> bool:
        """Post the event; True when Team Board took it or refused it for good."""
        headers, body = self._signed(event)
        try:
            status, given, text = await asyncio.wait_for(post(self._url, headers, body), 10)
        except (OSError, ValueError, EOFError, TimeoutError):
            status, given, text = 0, "", b""
        over = f"answer.{headers['x-teamboard-signature']}.".encode() + text
        if self._secret and hmac.compare_digest(signature(self._secret.encode(), over).encode(), given.encode()):
            with contextlib.suppress(Refusal):
                self.on_answer(event, parsed(text))
        self._journal.log("callback", event=event["event"], id=event["id"], status=status)
        return 200 <= status < 300 or (400 <= status < 500 and status not in (401, 403, 408, 429))

    def _signed(self, event: dict) -> tuple[dict[str, str], bytes]:
        """The headers and the body of a report."""
        body = json.dumps(event).encode()
        stamp = str(int(time.time()))
        headers = {
            "content-type": "application/json",
            "idempotency-key": event["id"],
            "x-teamboard-timestamp": stamp,
            "x-teamboard-signature": signature(self._secret.encode(), f"{stamp}.".encode() + body),
        }
        return headers, body
