#!/usr/bin/env python3
"""A practice gateway: what OpenClaw says over HTTP, without OpenClaw and without a language model.

    practice_gateway.py --hook-token T --gateway-token T --callback-url URL --callback-secret S

`make run` starts it when no OpenClaw is configured, so that a newcomer sees the whole loop; its
agents say honestly that they are for practice. The tests start it because it keeps a journal of
what really happened and fails on demand. Standard library only; it listens on 127.0.0.1.

It does as OpenClaw 2026.9.6 with our callback plugin was seen to do: the same refusals, admission
(8 runs at once, one per session, 503 after 15 s), replay of an Idempotency-Key for 5 minutes,
forgotten at a restart, sessions that persist, runs resumed after a crash, signed callbacks, a beat
every 30 s, a report of the send that an overloaded gateway dropped, one more turn in the agent's
main session after a run that failed (in the journal: heartbeat), which our plugin ends before the
model is called unless the agents have --heartbeats, and stops by our plugin's route or by Team
Board's answer to a report: a stopped turn leaves no answer, and the next one's model is handed its
words again (in the journal: handed_on).

Markers in a message: [[delay:S]] work for S seconds, [[late:S]] begin only S seconds after the
admission (a crash before loses the run), [[fail]] or [[fail:WHY]] end in an error, [[abort]] or
[[abort:WHY]] be stopped by the gateway (no answer in the history), [[hang]] work until the time
limit, [[silent]] report nothing, [[say:TEXT]] answer TEXT, [[turns]] answer how many turns the
conversation has, [[usage:IN:OUT]] count tokens so.

With --control-token (header X-Control-Token): GET /__journal is the journal so far, and
POST /__faults {"mode", "times", "seconds"} makes the next `times` hook requests (for ever when
missing) go wrong: refuse (no connections for `seconds`), hang, garbage, unavailable (503), dropped
(503, and the dropped send is reported), dropped_old (the same, as our plugin 1.0 did: as a run that
started and was aborted), slow_down (429, Retry-After `seconds`), reset (the run is taken, the answer lost), slow (50 ms
or `seconds`), normal. With the mode old_plugin our plugin has no route and reads no answer: nothing is stopped. With
no_route it has none, or what is in between lets nothing through to it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import re
import secrets
import signal
import socket
import ssl
import struct
import sys
import tempfile
import time
import uuid
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

HOST = "127.0.0.1"
MODEL = "practice-1"
MAX_BODY = 256 * 1024
REPLAY_SECONDS, REPLAY_KEYS = 300, 1000
FAILURES, FAILURE_SECONDS = 20, 60
STOPPED, NOT_BEGUN = "agent run aborted", "The gateway ended the run before it began."
SIGNED_SECONDS = 300  # that a signature is good for
STOPS_WITHIN = 2  # seconds that an answer waits for the run's end
HANDED_ON = (
    "[Queued user message from a previous active turn; preserved as context only. "
    "Continue with the active prompt below.]\n"
)
DROPPED = "hook agent run did not start before admission timeout"
RUN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # Team Board's id of one
RUN_LINE = re.compile(r"\[teamboard-run:([0-9a-f-]{36})\][ \t]*(?:\n|$)")
MARKER = re.compile(r"\[\[(delay|late|fail|abort|hang|silent|say|turns|usage)(?::(.*?))?\]\]", re.DOTALL)
TITLE = re.compile(r"^\W*title\W*[:\n]\s*(.+)$", re.IGNORECASE | re.MULTILINE)
QUESTION = re.compile(r"^Asked by .*:\n(.+)$", re.MULTILINE)
EARLIER_MESSAGE = re.compile(r"^Message by ", re.MULTILINE)


def now_ms() -> int:
    return int(time.time() * 1000)


# What is asked


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


REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 503: "Service Unavailable"}


class Refusal(Exception):
    def __init__(self, status: int, value: object, **headers: str) -> None:
        self.reply = Reply(status, value, {name.replace("_", "-"): text for name, text in headers.items()})


def bad_request(error: str, status: int = 400) -> Refusal:
    return Refusal(status, {"ok": False, "error": error})


class Overloaded(Refusal):
    """Dropped while it waited for a slot: of such a send the gateway speaks as of a run that was aborted."""

    def __init__(self, error: str, status: int) -> None:
        super().__init__(status, {"ok": False, "error": error})


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


# What is kept


class Journal:
    """What happened, one JSON line each. Written at once: SIGKILL loses nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def log(self, what: str, **facts: object) -> None:
        os.write(self._file, (json.dumps({"at": time.time(), "what": what, **facts}) + "\n").encode())

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]


class Sessions:
    """Conversations by stored key, one file each."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def _file(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}.jsonl"

    def add(self, key: str, message: dict) -> None:
        with self._file(key).open("a") as file:
            file.write(json.dumps(message) + "\n")

    def begin_turn(self, key: str, text: str) -> str:
        """Add the user's row. Returns what the model is given before it: the words of a turn that was stopped.

        That turn's own row is gone from then on.
        """
        rows = self.messages(key) or []
        handed_on = ""
        if rows and rows[-1].get("stopped"):
            handed_on = HANDED_ON + rows.pop()["content"][0]["text"]
            self._file(key).write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.add(key, {"role": "user", "content": [{"type": "text", "text": text}], "timestamp": now_ms()})
        return handed_on

    def stop_turn(self, key: str) -> None:
        """Remember that the last turn was stopped."""
        if rows := self.messages(key):
            rows[-1]["stopped"] = True
            self._file(key).write_text("".join(json.dumps(row) + "\n" for row in rows))

    def messages(self, key: str) -> list[dict] | None:
        """Oldest first; None when there is no such session."""
        with contextlib.suppress(FileNotFoundError):
            return [json.loads(line) for line in self._file(key).read_text().splitlines()]
        return None


class Replays:
    """Which key started which run: 5 minutes after its end, at most 1,000, in memory only."""

    def __init__(self) -> None:
        self._started: OrderedDict[tuple[str, bytes], tuple[str, float | None]] = OrderedDict()

    def find(self, key: str, body: bytes) -> str | None:
        run_id, ended = self._started.get((key, body), (None, None))
        return None if ended and time.monotonic() - ended > REPLAY_SECONDS else run_id

    def remember(self, key: str, body: bytes, run_id: str, *, ended: float | None = None) -> None:
        if key:
            self._started[key, body] = (run_id, ended)
            while len(self._started) > REPLAY_KEYS:
                self._started.popitem(last=False)

    def forget(self, key: str, body: bytes) -> None:
        self._started.pop((key, body), None)


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


class Stops:
    """Runs of Team Board's that are to be stopped, each with a file until it has ended, and the requests seen."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._seen_file = folder, folder / "seen.json"
        self._seen: dict[str, float] = {}
        with contextlib.suppress(FileNotFoundError, ValueError):
            self._seen = json.loads(self._seen_file.read_text())
        self.answering: dict[str, asyncio.Task] = {}  # by run, what its agent is at
        self.answered: set[str] = set()  # runs that are being stopped by an answer of Team Board's
        self._ended: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def is_new(self, request_id: str) -> bool:
        now = time.time()
        if self._seen.get(request_id, 0) > now:
            return False
        self._seen = {known: until for known, until in self._seen.items() if until > now}
        self._seen[request_id] = now + 2 * SIGNED_SECONDS
        self._seen_file.write_text(json.dumps(self._seen))
        return True

    def is_wanted(self, run: str | None) -> bool:
        return bool(run) and (self._folder / str(run)).exists()

    async def stop(self, run: str) -> str:
        (self._folder / run).touch()
        if run not in self.answering:
            return "ended" if self._ended[run].is_set() else "will-not-start"
        self.answering[run].cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended[run].wait(), STOPS_WITHIN)
        return "stopped" if self._ended[run].is_set() else "will-stop"

    def over(self, run: str | None) -> None:
        if run:
            self._ended[run].set()
            (self._folder / run).unlink(missing_ok=True)


class Admission:
    """At most `slots` runs at once and one per session; who waits too long is turned away."""

    def __init__(self, slots: int, seconds: float) -> None:
        self._slots = asyncio.Semaphore(slots)
        self._sessions: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._seconds = seconds

    async def enter(self, key: str) -> None:
        """Raises Overloaded when every slot was taken for too long, a plain Refusal when the session was."""
        has_session = False
        try:
            async with asyncio.timeout(self._seconds):
                await self._sessions[key].acquire()
                has_session = True
                try:
                    await self._slots.acquire()
                except asyncio.CancelledError:
                    self._sessions[key].release()
                    raise
        except TimeoutError:
            raise (Overloaded if has_session else bad_request)(DROPPED, 503) from None

    def leave(self, key: str) -> None:
        self._slots.release()
        self._sessions[key].release()


@dataclass
class Faults:
    mode: str = "normal"
    times: int | None = None
    seconds: float | None = None

    def next(self) -> str:
        """The fault of the next hook request."""
        if self.times is not None:
            if self.times <= 0:
                return "normal"
            self.times -= 1
        return self.mode


# What an agent does


@dataclass
class Run:
    agent: str
    key: str  # as it is stored
    message: str
    timeout: float
    is_mapped: bool = False
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    started_at: int = 0

    @property
    def teamboard_run_id(self) -> str | None:
        """Only our message's first line counts; further down it is somebody's text."""
        found = RUN_LINE.match(self.message)
        return found and found.group(1)

    def text_for_session(self) -> str:
        """The message with what OpenClaw puts around it."""
        if self.is_mapped:
            return f"[cron:{uuid.uuid4()} TeamBoard] {self.message}"
        mark = f'EXTERNAL_UNTRUSTED_CONTENT id="{secrets.token_hex(8)}"'
        return (
            "SECURITY NOTICE: The following content is from an EXTERNAL, UNTRUSTED source.\n\n"
            f"<<<{mark}>>>\nSource: Webhook\nTask: TeamBoard\n---\n{self.message}\n<<<END_{mark}>>>"
        )

    @property
    def is_in_room(self) -> bool:
        return ":room:" in self.key

    @property
    def markers(self) -> dict[str, str]:
        """In a room only those of the question: what was said before is not for us."""
        asked = self.message.rpartition("\nAsked by ")[2] if self.is_in_room else self.message
        return {name: text or "" for name, text in MARKER.findall(asked)}


def practice_task_answer(message: str, turn: int) -> str:
    """A short, honest piece of practice work on `message`."""
    text = RUN_LINE.sub("", message, count=1).strip()
    title = TITLE.search(text)
    name = (title.group(1) if title else text.partition("\n")[0]).strip(" *#\"'<>")[:120] or "your task"
    lines = [
        "**I am the practice agent.** I come with Team Board and am no language model, "
        "so I changed nothing; this shows how a result comes back.",
        "",
        f"You gave me “{name}”: {len(text.split())} words to read.",
    ]
    if turn > 1:
        note = QUESTION.search(text)
        said = f" You wrote: “{note.group(1).strip()[:200]}”." if note else ""
        lines += ["", f"This is turn {turn} of the same conversation.{said}"]
    lines += [
        "",
        "A real agent would now, for example:",
        "",
        f"1. Read what belongs to “{name}” and name what is unclear.",
        "2. Make the smallest change that does it, with a test.",
        "3. Report what changed, and what it did not touch.",
        "",
        "Accept this result, or send it back with a note and I will answer once more.",
    ]
    return "\n".join(lines)


def practice_room_answer(message: str, turn: int) -> str:
    """What the practice agent answers in a room: that it is one, the question, and how many messages it was given."""
    asked = QUESTION.search(message)
    words = asked.group(1).strip()[:200] if asked else "something"
    earlier = len(EARLIER_MESSAGE.findall(message))
    lines = [
        "**I am the practice agent**, no language model: I can only show how an answer comes back.",
        "",
        f"You asked: “{words}” Before that I was shown {earlier} message{'' if earlier == 1 else 's'} of this room.",
    ]
    if turn > 1:
        lines += ["", f"This is turn {turn} of our conversation here."]
    return "\n".join(lines)


def tokens_of(run: Run, text: str) -> dict[str, int]:
    """About four characters a token, unless the message says how many."""
    given, _, answered = run.markers.get("usage", "").partition(":")
    return {
        "input": int(given or len(run.message) // 4 + 1),
        "output": int(answered or (len(text) + 3) // 4),
    }


class PracticeGateway:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        state = Path(options.state or tempfile.mkdtemp(prefix="practice-gateway-"))
        state.mkdir(parents=True, exist_ok=True)
        self.journal = Journal(Path(options.journal or state / "journal.jsonl"))
        self.sessions = Sessions(state / "sessions")
        self.open = state / "open"
        self.open.mkdir(exist_ok=True)
        self.outbox = Outbox(state / "outbox", options.callback_url, options.callback_secret, self.journal)
        self.outbox.on_answer = self._hear
        self.stops = Stops(state / "stops")
        self.replays = Replays()
        self.admission = Admission(options.slots, options.admission_seconds)
        self.faults = Faults()
        self.failures: deque[float] = deque(maxlen=FAILURES)
        self.is_draining = False
        self.running: set[asyncio.Task] = set()
        self.server: asyncio.Server | None = None

    # Runs

    async def start_run(self, run: Run, idempotency_key: str, body: bytes) -> str:
        """Admit the run and return the hook's id for it, which is not the run's own."""
        if known := self.replays.find(idempotency_key, body):
            self.journal.log("replayed", key=idempotency_key, session=run.key)
            return known
        hook_id = str(uuid.uuid4())
        self.replays.remember(idempotency_key, body, hook_id)
        try:
            await self.admission.enter(run.key)
        except BaseException as error:
            self.replays.forget(idempotency_key, body)
            self.journal.log("turned_away", key=idempotency_key, session=run.key)
            if isinstance(error, Overloaded):
                self._report_dropped(run)
            raise
        self.journal.log(
            "admitted",
            key=idempotency_key,
            session=run.key,
            agent=run.agent,
            run=run.id,
            teamboard_run=run.teamboard_run_id,
        )
        task = self._track(self._begin(run))
        task.add_done_callback(lambda _: self.replays.remember(idempotency_key, body, hook_id, ended=time.monotonic()))
        return hook_id

    def _track(self, work) -> asyncio.Task:
        task = asyncio.create_task(work)
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        return task

    async def _begin(self, run: Run) -> None:
        """The turn of an admitted run; before it is written down, a crash leaves nothing of the run."""
        await asyncio.sleep(float(run.markers.get("late") or 0))
        if self.stops.is_wanted(run.teamboard_run_id):
            self._refuse(run)
            return
        if handed_on := self.sessions.begin_turn(run.key, run.text_for_session()):
            self.journal.log("handed_on", run=run.id, teamboard_run=run.teamboard_run_id, words=handed_on)
        await self._work(run)

    def _refuse(self, run: Run) -> None:
        """It was stopped before its turn: the agent is not asked, and nothing of it is in the history."""
        self._report("run.accepted", run, acceptedAt=now_ms())
        self._report_end(run, "aborted", error=NOT_BEGUN, stopReason=None, text="", usage={}, attempts=0)
        self.admission.leave(run.key)

    async def _work(self, run: Run) -> None:
        """From the turn to the report; a crash in between leaves the run's file for the next start."""
        file = self.open / f"{run.id}.json"
        run.started_at = now_ms()
        file.write_text(json.dumps(asdict(run)))
        beats = asyncio.create_task(self._beat(run))
        try:
            self._report("run.accepted", run, acceptedAt=run.started_at)
            self._report("run.started", run, startedAt=run.started_at)
            answer = await self._answer_unless_stopped(run)
            beats.cancel()
            if answer is None or "abort" in run.markers:
                self._abort(run, run.markers.get("abort") or STOPPED)
            else:
                self._finish(run, *answer)
            file.unlink()
        finally:
            beats.cancel()
            self.admission.leave(run.key)

    async def _beat(self, run: Run) -> None:
        """Say every half a minute that it is at work: sent once, for later it is worth nothing."""
        while True:
            await asyncio.sleep(self.options.beat_seconds)
            if "silent" not in run.markers:
                await self.outbox.try_once(self._event("run.beat", run, phase="thinking", retry=None))

    async def _answer_unless_stopped(self, run: Run) -> tuple[str, str | None] | None:
        """What the agent answers; None when the run is stopped meanwhile."""
        name = run.teamboard_run_id or ""
        answering = self.stops.answering[name] = asyncio.create_task(self._answer(run))
        try:
            return await answering
        except asyncio.CancelledError:
            if self.stops.is_wanted(name) and not self.is_draining:
                return None
            raise
        finally:
            answering.cancel()
            self.stops.answering.pop(name, None)

    async def _answer(self, run: Run) -> tuple[str, str | None]:
        markers = run.markers
        seconds = float(markers["delay"]) if "delay" in markers else self._default_delay(run)
        if "hang" in markers or seconds > run.timeout:
            await asyncio.sleep(run.timeout)
            return "", "Agent run failed"
        await asyncio.sleep(seconds)
        if "fail" in markers:
            return "", markers["fail"] or "The practice agent was asked to fail."
        turns = sum(row["role"] == "user" for row in self.sessions.messages(run.key) or [])
        if "turns" in markers:
            return f"user turns: {turns}", None
        answer = practice_room_answer if run.is_in_room else practice_task_answer
        return markers.get("say") or answer(run.message, turns), None

    def _default_delay(self, run: Run) -> float:
        """Two to four seconds at normal speed, the same for the same text."""
        return (2 + 2 * hashlib.sha256(run.message.encode()).digest()[0] / 255) / self.options.speed

    def _finish(self, run: Run, text: str, error: str | None) -> None:
        tokens = tokens_of(run, text)
        usage = {**tokens, "cacheRead": 0, "cacheWrite": 0, "total": sum(tokens.values()), "cost": 0}
        row = {
            "role": "assistant",
            "content": [{"type": "text", "text": text}],
            "provider": "practice",
            "model": MODEL,
            "usage": {**tokens, "cost": {"total": 0}},
            "stopReason": "error" if error else "stop",
            "timestamp": now_ms(),
            "__openclaw": {"runId": run.id},
        }
        self.sessions.add(run.key, row | ({"errorMessage": error} if error else {}))
        status = "error" if error else "ok"
        self._report_end(run, status, error=error, stopReason=row["stopReason"], text=text, usage=usage)

    def _abort(self, run: Run, error: str) -> None:
        """The gateway stops the run: nothing of its answer is in the history."""
        self.sessions.stop_turn(run.key)
        self._report_end(run, "aborted", error=error, stopReason="aborted", text="", usage={})

    def _report_end(self, run: Run, status: str, *, error: str | None, **facts: object) -> None:
        self.journal.log("finished", run=run.id, teamboard_run=run.teamboard_run_id, status=status, error=error)
        self.stops.over(run.teamboard_run_id)
        if error and run.started_at:
            self.journal.log("heartbeat", session=f"agent:{run.agent}:main", swallowed=not self.options.heartbeats)
        about = {"provider": "practice", "model": MODEL, "truncated": False, "attempts": 1}
        times = {"startedAt": run.started_at or None, "endedAt": now_ms()}
        self._report("run.finished", run, **{"status": status, "error": error, **about, **times, **facts})

    def _report_dropped(self, run: Run, *, by_old_plugin: bool = False) -> None:
        """OpenClaw speaks of the end of a run that had no turn, so nobody can say which run of ours it was."""
        nobodys = Run(run.agent, run.key, "", run.timeout)
        if by_old_plugin:
            self._report("run.started", nobodys, startedAt=now_ms())
            self._report("run.finished", nobodys, status="aborted", error=DROPPED, stopReason="aborted", text="")
        else:
            self._report("run.dropped", nobodys, error=DROPPED, stopReason="aborted")

    def _report(self, kind: str, run: Run, **facts: object) -> None:
        if "silent" not in run.markers:
            self.outbox.put(self._event(kind, run, **facts))

    def _event(self, kind: str, run: Run, **facts: object) -> dict:
        event = {
            "event": kind,
            "id": str(uuid.uuid4()),
            "createdAt": now_ms(),
            "sessionKey": run.key,
            "agentId": run.agent,
            "sessionId": str(uuid.uuid5(uuid.NAMESPACE_URL, run.key)),
            "runId": run.id,
            "teamboardRunId": run.teamboard_run_id,
        }
        return event | facts

    async def resume(self, run: Run) -> None:
        """Go on after a crash as OpenClaw does: a new run of the same conversation."""
        await asyncio.sleep(2 / self.options.speed)
        while not await self._is_admitted(run):
            pass
        if self.stops.is_wanted(run.teamboard_run_id):
            self._refuse(run)
            return
        self.journal.log("resumed", session=run.key, run=run.id, teamboard_run=run.teamboard_run_id)
        await self._work(run)

    async def _is_admitted(self, run: Run) -> bool:
        with contextlib.suppress(Refusal):
            await self.admission.enter(run.key)
            return True
        return False

    def report_start(self) -> None:
        about = dict.fromkeys(("sessionKey", "agentId", "sessionId", "runId", "teamboardRunId"))
        self.outbox.put({"event": "gateway.started", "id": str(uuid.uuid4()), "createdAt": now_ms(), **about})

    def resume_unfinished_runs(self) -> None:
        for file in sorted(self.open.glob("*.json")):
            left = Run(**json.loads(file.read_text()))
            self._report("run.interrupted", left, status="interrupted", startedAt=left.started_at)
            file.unlink()
            self._track(self.resume(Run(left.agent, left.key, left.message, left.timeout, left.is_mapped)))

    # Endpoints

    async def reply_to(self, request: Request) -> Reply:
        path = request.path
        try:
            if path in ("/health", "/healthz"):
                return Reply(200, {"ok": True, "status": "live"})
            if path in ("/ready", "/readyz"):
                return Reply(503 if self.is_draining else 200, {"ready": not self.is_draining, "failing": []})
            if path == "/startupz":
                return Reply(200, {"ok": True, "status": "started", "version": "practice"})
            if path.startswith("/__"):
                return self._control(request)
            if path.startswith("/hooks"):
                return await self._hook(request)
            if path == "/teamboard/control":
                return await self._plugin_route(request)
            self._check_gateway_token(request)
            if found := re.fullmatch(r"/sessions/([^/]+)/history", path):
                return self._history(unquote(found.group(1)).lower(), request.query)
            if path == "/v1/models":
                return Reply(200, {"data": [{"id": f"openclaw/{name}"} for name in self.options.agents]})
            if path == "/api/v1/admin/rpc":
                return self._rpc(request)
        except Refusal as refusal:
            return refusal.reply
        return Reply(404, "Not Found")

    def _check_gateway_token(self, request: Request) -> None:
        if not hmac.compare_digest(request.bearer(), self.options.gateway_token):
            raise Refusal(401, {"error": {"message": "Unauthorized", "type": "unauthorized"}})

    async def _hook(self, request: Request) -> Reply:
        self._check_hook_token(request)
        if self.is_draining:
            raise Refusal(503, {"error": {"code": "gateway_unavailable", "message": "gateway is draining"}})
        if request.method != "POST":
            raise Refusal(405, "Method Not Allowed", Allow="POST")
        if request.is_too_large:
            raise bad_request("payload too large", 413)
        if request.path == "/hooks/wake":
            return self._wake(parsed(request.body))
        run = self._run_of(request)
        key = request.headers.get("idempotency-key", "")
        return Reply(200, {"ok": True, "runId": await self.start_run(run, key, request.body)})

    def _run_of(self, request: Request) -> Run:
        hook = request.path.removeprefix("/hooks/")
        if hook == "agent":
            return self._agent_hook_run(parsed(request.body))
        if hook.startswith("task-") and hook.removeprefix("task-") in self.options.agents:
            return self._mapped_hook_run(hook.removeprefix("task-"), parsed(request.body))
        raise Refusal(404, "Not Found")

    def _check_hook_token(self, request: Request) -> None:
        if "token" in request.query:
            raise Refusal(400, "Hook token must be provided via the Authorization header.")
        given = request.bearer() or request.headers.get("x-openclaw-token", "")
        if hmac.compare_digest(given, self.options.hook_token):
            return
        recent = [at for at in self.failures if time.monotonic() - at < FAILURE_SECONDS]
        if len(recent) >= FAILURES:
            raise Refusal(429, "Too Many Requests", Retry_After=str(FAILURE_SECONDS))
        self.failures.append(time.monotonic())
        raise Refusal(401, "Unauthorized")

    def _wake(self, body: dict) -> Reply:
        if not text_in(body, "text"):
            raise bad_request("text required")
        self.journal.log("woken")
        return Reply(200, {"ok": True, "mode": body.get("mode", "now"), "eventOutcome": "queued"})

    def _agent_hook_run(self, body: dict) -> Run:
        if not text_in(body, "message"):
            raise bad_request("message required")
        agent = body.get("agentId") or self.options.agents[0]
        if agent not in self.options.agents:
            raise bad_request(f'unknown agentId "{agent}"')
        key = body.get("sessionKey") or ""
        if body.get("sessionMode") == "persistent" and not key:
            raise bad_request("sessionKey is required when sessionMode is persistent")
        if body.get("sessionMode") != "persistent":
            self._check_session_key(key or "hook:none")
            key = f"cron:{uuid.uuid4()}:run:{uuid.uuid4()}"
        else:
            self._check_session_key(key)
        timeout = body.get("timeoutSeconds")
        return Run(agent, stored_key(agent, key), body["message"], timeout if isinstance(timeout, int) else 300)

    def _mapped_hook_run(self, agent: str, body: dict) -> Run:
        if not text_in(body, "message"):
            raise bad_request("hook mapping requires message")
        if not text_in(body, "sessionKey"):
            raise bad_request("hook mapping sessionKey template rendered empty")
        self._check_session_key(body["sessionKey"])
        return Run(agent, stored_key(agent, body["sessionKey"]), body["message"], 300, is_mapped=True)

    def _check_session_key(self, key: str) -> None:
        if not key.startswith(tuple(self.options.prefixes)):
            raise bad_request(f"sessionKey must start with one of: {', '.join(self.options.prefixes)}")

    async def _plugin_route(self, request: Request) -> Reply:
        """Our plugin's own: the answer to who has the secret is signed, too, over the request's signature."""
        if self.faults.mode in ("old_plugin", "no_route"):
            raise Refusal(404, "Not Found")
        secret, given = self.options.callback_secret.encode(), request.headers.get("x-teamboard-signature", "")
        stamp = request.headers.get("x-teamboard-timestamp", "")
        is_signed = bool(secret) and hmac.compare_digest(
            signature(secret, stamp.encode() + b"." + request.body).encode(), given.encode()
        )
        try:
            reply = await self._plugin_answer(request, stamp, given, is_signed=is_signed)
        except Refusal as refusal:
            reply = refusal.reply
        if is_signed:
            text = json.dumps(reply.value, ensure_ascii=False).encode()
            reply.headers["X-Teamboard-Signature"] = signature(secret, f"answer.{given}.".encode() + text)
        return reply

    async def _plugin_answer(self, request: Request, stamp: str, given: str, *, is_signed: bool) -> Reply:
        """Signed as a report is, and each request is taken once."""
        if self.is_draining:
            raise Refusal(503, {"error": {"code": "gateway_unavailable", "message": "gateway is draining"}})
        if request.method != "POST":
            raise Refusal(405, {"ok": False, "error": "POST only"}, Allow="POST")
        if not is_signed:
            raise bad_request("not signed with the callback secret", 401)
        if not stamp.isdecimal() or abs(time.time() - int(stamp)) > SIGNED_SECONDS:
            raise bad_request("not signed within five minutes of this gateway's clock", 401)
        asked = parsed(request.body)
        if not self.stops.is_new(asked["id"] if text_in(asked, "id") else given):
            raise bad_request("seen before", 409)
        if asked.get("do") == "info":
            return Reply(200, {"ok": True} | self._plugin_info())
        if asked.get("do") == "check":
            event = {"event": "gateway.checked", "id": str(uuid.uuid4()), "createdAt": now_ms()}
            return Reply(200, {"ok": True, "board": await self.outbox.answer_to(event)})
        if asked.get("do") != "stop":
            raise bad_request("unknown request")
        run = str(asked.get("run")).lower()
        if not RUN.fullmatch(run):
            raise bad_request("run must be a run's id")
        return Reply(200, {"ok": True, "result": await self._stop(run)})

    async def _stop(self, run: str) -> str:
        result = await self.stops.stop(run)
        self.journal.log("stop", teamboard_run=run, result=result)
        return result

    def _hear(self, event: dict, answer: dict) -> None:
        """Stop what Team Board's answer to a report names; what is answered to that is not listened to."""
        named = answer.get("stops")
        if self.faults.mode == "old_plugin" or event["event"] == "stop.answered" or not isinstance(named, list):
            return
        for run in named:
            if isinstance(run, str) and RUN.fullmatch(run) and run not in self.stops.answered:
                self.stops.answered.add(run)
                self._track(self._stop_and_tell(run))

    async def _stop_and_tell(self, run: str) -> None:
        about = {"event": "stop.answered", "id": str(uuid.uuid4()), "createdAt": now_ms(), "teamboardRunId": run}
        try:
            await self.outbox.try_once(about | {"result": await self._stop(run)})
        finally:
            self.stops.answered.discard(run)

    def _plugin_info(self) -> dict:
        names = list(self.options.agents)
        mappings = [{"hook": name, "agentId": name, "timeoutSeconds": 300, "model": None} for name in names]
        return {
            "gateway": "practice",
            "plugin": "practice",
            "minimum": "practice",
            "time": now_ms(),
            "agents": names,
            "hookAgents": names,
            "prefixes": list(self.options.prefixes),
            "mappings": mappings,
        }

    def _history(self, key: str, query: dict[str, str]) -> Reply:
        """The newest page first; the cursor is where the next older one ends."""
        messages = self.sessions.messages(key)
        if messages is None:
            raise Refusal(404, {"ok": False, "error": {"type": "not_found", "message": "Session not found"}})
        numbered = [
            row | {"__openclaw": {**row.get("__openclaw", {}), "seq": seq}} for seq, row in enumerate(messages, start=1)
        ]
        end = int(query.get("cursor") or len(numbered) + 1) - 1
        start = max(0, end - int(query.get("limit") or 100))
        page = numbered[start:end]
        more = {"hasMore": start > 0} | ({"nextCursor": str(start + 1)} if start else {})
        return Reply(200, {"sessionKey": key, "items": page, "messages": page, **more})

    def _rpc(self, request: Request) -> Reply:
        if parsed(request.body).get("method") != "agents.list":
            raise bad_request("the practice gateway knows agents.list only")
        agents = [
            {"id": name, "name": name.title(), "model": {"primary": f"practice/{MODEL}"}}
            for name in self.options.agents
        ]
        return Reply(
            200,
            {
                "id": str(uuid.uuid4()),
                "ok": True,
                "payload": {"defaultId": agents[0]["id"], "agents": agents},
            },
        )

    # Faults

    def _control(self, request: Request) -> Reply:
        token = self.options.control_token
        if not token or not hmac.compare_digest(request.headers.get("x-control-token", ""), token):
            raise Refusal(404, "Not Found")
        if request.path == "/__journal":
            return Reply(200, self.journal.lines())
        if request.path == "/__faults" and request.method == "POST":
            self.faults = Faults(**parsed(request.body))
            if self.faults.mode == "refuse":
                self._track(self._refuse_connections(self.faults.seconds or 1))
            return Reply(200, asdict(self.faults))
        raise Refusal(404, "Not Found")

    async def _refuse_connections(self, seconds: float) -> None:
        await asyncio.sleep(0.05)  # let the answer out
        self.server.close()
        await asyncio.sleep(seconds)
        self.faults = Faults()
        await self.listen()

    async def inject_fault(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Answer a hook request by the fault that is set; True when nothing more is to be answered."""
        if not request.path.startswith("/hooks"):
            return False
        self._log_request(request)
        mode = self.faults.next()
        seconds = self.faults.seconds
        if mode == "hang":
            await asyncio.sleep(seconds or 3600)
            reset(writer)
        elif mode == "garbage":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html>no json")
        elif mode in ("unavailable", "dropped", "dropped_old"):
            if mode != "unavailable":
                self._report_dropped(self._run_of(request), by_old_plugin=mode == "dropped_old")
            writer.write(bad_request(DROPPED, 503).reply.encoded())
        elif mode == "slow_down":
            writer.write(Reply(429, "Too Many Requests", {"Retry-After": f"{seconds or 1:g}"}).encoded())
        elif mode == "reset":
            await self.reply_to(request)
            reset(writer)
        else:
            await asyncio.sleep((seconds or 0.05) if mode == "slow" else 0)
            return False
        return True

    def _log_request(self, request: Request) -> None:
        digest = hashlib.sha256(request.body).hexdigest()
        key = request.headers.get("idempotency-key", "")
        self.journal.log("request", path=request.path, key=key, sha256=digest, fault=self.faults.mode)

    # Process

    async def listen(self) -> None:
        where: dict = {"host": HOST, "port": self.options.port}
        if self.options.fd is not None:
            where = {"sock": socket.socket(fileno=os.dup(self.options.fd))}
        self.server = await asyncio.start_server(self._serve, limit=2**17, backlog=512, **where)
        self.options.port = self.server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await read_request(reader)) is not None:
                if not await self.inject_fault(request, writer):
                    writer.write((await self.reply_to(request)).encoded())
                await writer.drain()
                if request.is_too_large:
                    break
        except (ConnectionError, ValueError):
            pass  # the caller hung up, or does not speak HTTP
        finally:
            writer.close()

    async def run(self) -> None:
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        await self.listen()
        self.journal.log("started", pid=os.getpid())
        lanes = self.outbox.start()
        self.report_start()
        self.resume_unfinished_runs()
        print(f"READY http://{HOST}:{self.options.port}", flush=True)
        await stop.wait()
        self.is_draining = True
        if self.running:
            await asyncio.wait(self.running, timeout=self.options.drain_seconds)
        for task in (*lanes, *self.running):
            task.cancel()
        self.journal.log("stopped")


def reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection off, so that the caller sees it broken."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def stored_key(agent: str, key: str) -> str:
    return f"agent:{agent}:{key}".lower()


def text_in(body: dict, name: str) -> bool:
    return isinstance(body.get(name), str) and bool(body[name].strip())


def parsed(body: bytes) -> dict:
    try:
        value = json.loads(body)
    except ValueError:
        raise bad_request("Expected property name or '}' in JSON at position 1") from None
    if not isinstance(value, dict):
        raise bad_request("body must be an object")
    return value


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--fd", type=int, help="a listening socket that is inherited, instead")
    parser.add_argument("--hook-token", default=os.environ.get("OPENCLAW_TOKEN", ""))
    parser.add_argument("--gateway-token", default=os.environ.get("OPENCLAW_GATEWAY_TOKEN", ""))
    parser.add_argument("--callback-url", default="", help="where reports go; none without it")
    parser.add_argument("--callback-secret", default=os.environ.get("OPENCLAW_CALLBACK_SECRET", ""))
    parser.add_argument("--control-token", default="", help="opens /__faults and /__journal")
    parser.add_argument("--agents", default="main,scribe", type=lambda text: text.split(","))
    parser.add_argument("--prefixes", default="task:,room:,hook:", type=lambda text: text.split(","))
    parser.add_argument("--state", help="folder that survives a restart")
    parser.add_argument("--journal", help="file; default: journal.jsonl in the state folder")
    parser.add_argument("--speed", type=float, default=1, help="2 works twice as fast")
    parser.add_argument("--slots", type=int, default=8, help="runs at once")
    parser.add_argument("--admission-seconds", type=float, default=15)
    parser.add_argument("--drain-seconds", type=float, default=5)
    parser.add_argument("--beat-seconds", type=float, default=30, help="between two signs of life of a run")
    parser.add_argument("--heartbeats", action="store_true", help="the agents have some")
    chosen = parser.parse_args(arguments)
    chosen.hook_token = chosen.hook_token or secrets.token_urlsafe(32)
    chosen.gateway_token = chosen.gateway_token or secrets.token_urlsafe(32)
    return chosen


if __name__ == "__main__":
    os.umask(0o077)
    asyncio.run(PracticeGateway(options(sys.argv[1:])).run())
