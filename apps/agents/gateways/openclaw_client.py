"""The OpenClaw gateway's client: what we send, and a name for everything that it may answer.

Two secrets that are never interchangeable: the hook token opens `/hooks/…` and nothing else, the
gateway token reads histories and lists agents. Neither appears in a URL, a reason or an error.
"""

import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Self
from urllib.parse import quote
from uuid import UUID

import httpx
from django.utils import timezone
from django.utils.translation import gettext as _

from apps import outbound, strict_json
from apps.agents.gateways import failures
from apps.agents.gateways.gateway_identity import Identity, NotProved
from apps.agents.gateways.usage import Usage, usage_in
from apps.agents.models import Gateway

NAME = "TeamBoard"
MAX_RETRY_AFTER = 600  # seconds: what Retry-After may ask of us
HOOKS = outbound.Limits()
HISTORY = outbound.Limits(size=4 * 1024 * 1024)
HISTORY_PAGE = 100
HISTORY_PAGES = 10

# Our first line in a user turn, with what OpenClaw puts before it: nothing, the mark of a scheduled
# run, or the notice around untrusted text. Anywhere else it is somebody's text.
RUN_LINE = re.compile(
    r"""(?: \[cron:[^\]\n]*\]\s
        | (?:Job\ ID:[^\n]*\s+)? SECURITY\ NOTICE: (?:(?!<<<).)* <<<EXTERNAL_UNTRUSTED_CONTENT[^>]*>>>\n
          (?:(?!---\n)[^\n]*\n)* ---\n
        )?
        \[teamboard-run:(?P<run>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\][ \t]*(?:\n|$)""",
    re.VERBOSE | re.DOTALL,
)


class Kind(StrEnum):
    ADMITTED = "admitted"  # the run will start, or has; it is not done
    REFUSED = "refused"  # asking again would be refused again
    RETRY = "retry"  # not started: ask again later with the same key
    AMBIGUOUS = "ambiguous"  # it may have started: ask again only while the gateway remembers the key


@dataclass(frozen=True)
class Outcome:
    """What became of one request to start a run.

    `sent` is False when the gateway certainly did not see it. `retry_after` is in seconds.
    `status` is the HTTP status, None without an answer. `code` is one of `failures.SENTENCES`, `words` what
    the gateway, or the network, says itself.
    """

    kind: Kind
    code: str = ""
    words: str = ""
    run_id: str = ""
    retry_after: float | None = None
    status: int | None = None
    sent: bool = True

    @property
    def reason(self) -> str:
        """Why it was not admitted, all of it, in the language that is active."""
        sentence = failures.sentence_of(self.code)
        if self.code in failures.OF_STATUS:
            end = f": {self.words}" if self.words else "."
            return f"{sentence.removesuffix('.')} ({self.status}){end}"
        return f"{sentence} {self.words}".strip()

    @property
    def original(self) -> str:
        """What the gateway, or the network, says itself, for whoever asks for details."""
        if self.code in failures.OF_STATUS:
            return f"{self.status}: {self.words}" if self.words else str(self.status)
        return self.words


@dataclass(frozen=True)
class Entry:
    """One message of a session. `run_id` is the gateway's own; an answer has a `stop_reason`."""

    role: str
    text: str
    at: datetime | None = None
    run_id: str = ""
    stop_reason: str = ""
    error: str = ""
    model: str = ""
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True)
class RemoteAgent:
    id: str
    name: str


@dataclass(frozen=True)
class Health:
    is_live: bool
    is_ready: bool
    reason: str = ""


class GatewayError(Exception):
    """The gateway gave no usable answer to a question. The message is a sentence for people."""


class Unreachable(GatewayError):
    """The gateway is away: nothing was answered."""


class Unauthorized(GatewayError):
    """The gateway does not accept this token here."""


class NotFound(GatewayError):
    """The gateway knows no such session or path."""


class NoSession(NotFound):
    """The gateway keeps no such session: not merely something in between knows no such path."""


def hook_path(slug: str) -> str:
    """The path of the mapping that hands `slug` its text as trusted."""
    return f"/hooks/task-{slug}"


def stored_session_key(slug: str, session_key: str) -> str:
    """A session's name inside OpenClaw, which prefixes the agent and lowers the case."""
    return f"agent:{slug}:{session_key}".lower()


def build_request(
    message: str,
    session_key: str,
    *,
    agent_id: str,
    timeout: int = 300,
    model: str = "",
    mapped: bool = False,
) -> tuple[str, bytes]:
    """The path and the bytes that start a run: made once, so that every attempt sends the same.

    `timeout` is in seconds; without a `model` the gateway takes the agent's own. A mapping takes neither
    from us: it carries its own, and its agent.
    """
    if mapped:
        return hook_path(agent_id), _json({"sessionKey": session_key, "message": message})
    return "/hooks/agent", _json(
        {
            "message": message,
            "name": NAME,
            "agentId": agent_id,
            "sessionKey": session_key,
            "sessionMode": "persistent",
            "deliver": False,
            "timeoutSeconds": timeout,
            **({"model": model} if model else {}),
        }
    )


def first_line(run_id: UUID) -> str:
    """What every prompt begins with: our plugin and `run_named_in()` read it back."""
    return f"[teamboard-run:{run_id}]"


def run_named_in(text: str) -> UUID | None:
    """The run that a user turn was started for; None when the turn is not ours."""
    found = RUN_LINE.match(text)
    return UUID(found["run"]) if found else None


class OpenClawClient:
    """One gateway. It keeps no connection, so it may be made wherever it is needed."""

    def __init__(  # nosec B107 - "" says that there is none
        self,
        base_url: str,
        hook_token: str,
        gateway_token: str = "",
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        is_named_by_operator: bool = False,
        identity: Identity | None = None,
    ) -> None:
        """`is_named_by_operator`: the address is an operator's own word, so it may be a private one.

        `identity` is asked who answers there before the first of our tokens is sent.
        """
        self.base_url = base_url.rstrip("/")
        self._hook_token = hook_token
        self._gateway_token = gateway_token
        self._transport = transport
        self._is_named_by_operator = is_named_by_operator
        self.identity = identity

    @classmethod
    def for_gateway(cls, gateway: Gateway) -> Self:
        """A gateway's row is the environment's or an administrator's: it is the permission to call that address."""
        tokens = (gateway.hook_token, gateway.gateway_token)
        return cls(gateway.url, *tokens, is_named_by_operator=True, identity=Identity.of(gateway))

    async def run_agent(
        self,
        message: str,
        session_key: str,
        agent_id: str = "main",
        deliver: bool = False,
        timeout: int = 300,
        *,
        idempotency_key: str | None = None,
        path: str = "/hooks/agent",
    ) -> Outcome:
        """Start a run of `agent_id`. `path` may be its mapping's `hook_path()`."""
        _, body = build_request(message, session_key, agent_id=agent_id, timeout=timeout, mapped=path != "/hooks/agent")
        if deliver:
            body = _json({**json.loads(body), "deliver": True})
        return await self.post_run(path, body, idempotency_key)

    async def post_run(self, path: str, body: bytes, idempotency_key: str | None = None) -> Outcome:
        """Send what `build_request()` made. The same key and bytes again do not start a second run."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return await self._post_hook(path, body, headers, _admission)

    async def wake(self, text: str, mode: str = "now") -> Outcome:
        """Wake the default agent with `text`, which it trusts; no result can be had back."""
        return await self._post_hook("/hooks/wake", _json({"text": text, "mode": mode}), {}, _wake)

    async def get_session_history(self, session_key: str, *, pages: int = HISTORY_PAGES) -> list[Entry]:
        """The session's messages, oldest first: the newest `pages` × 100 of them.

        `session_key` is the stored key, `agent:<agent>:<key>`. Raises NotFound for an unknown one.
        """
        entries: list[Entry] = []
        async for page in self._history_pages(session_key, pages):
            entries[:0] = page
        return entries

    async def list_agents(self) -> list[RemoteAgent]:
        """The gateway's agents. Needs its plugin admin-http-rpc."""
        call = _json({"method": "agents.list", "params": {}})
        answer = _object(await self._query("POST", "/api/v1/admin/rpc", call))
        payload = answer.get("payload", answer.get("result", answer))
        rows = payload.get("agents") if isinstance(payload, dict) else None
        if not isinstance(rows, list):
            raise GatewayError(_("The gateway's answer is not what was asked for."))
        return [_remote_agent(row) for row in _rows(rows)]

    async def health(self) -> Health:
        """Whether the gateway is up, and whether it takes work. Needs no token and raises nothing."""
        try:
            live = await self._send("GET", "/healthz", limits=outbound.Limits(read=5, total=8))
            ready = await self._send("GET", "/readyz", limits=outbound.Limits(read=5, total=8))
        except outbound.OutboundError as exc:
            return Health(is_live=False, is_ready=False, reason=str(exc))
        is_live, is_ready = live.status == 200, ready.status == 200
        return Health(is_live, is_ready, "" if is_ready else _("The gateway does not take work now."))

    async def check_hook_token(self) -> Outcome:
        """Ask for a run without a message: REFUSED with status 400 means that the token was accepted."""
        return await self.post_run("/hooks/agent", b"{}")

    async def session_key_prefixes(self, agent_id: str, path: str = "/hooks/agent") -> tuple[str, ...]:
        """What a session key may begin with for `agent_id`; ("",) stands for anything.

        Asks with a key that a careful gateway refuses, because the refusal names the ones it takes.
        A gateway without such a list starts a run instead, which is asked to say nothing. Raises
        GatewayError when no session key is taken from us, or the agent is not.
        """
        outcome = await self.run_agent(
            "Team Board is checking its connection. Reply exactly NO_REPLY.",
            "teamboard-check:",
            agent_id,
            path=path,
        )
        if outcome.kind is Kind.ADMITTED:
            return ("",)
        __, found, prefixes = outcome.reason.partition("sessionKey must start with one of: ")
        if not found:
            raise GatewayError(outcome.reason)
        return tuple(prefixes.rstrip(".").split(", "))

    async def hook_token_is_gateway_token(self) -> bool:
        """Whether the hook token is seen to be the gateway's own too: then it must be changed."""
        headers = {"Authorization": f"Bearer {self._hook_token}"}
        try:
            answer = await self._send("GET", "/v1/models", headers=headers)
        except outbound.OutboundError:
            return False
        return answer.status == 200

    async def _post_hook(
        self, path: str, body: bytes, headers: dict[str, str], classify: Callable[[outbound.Answer], Outcome]
    ) -> Outcome:
        headers = {
            "Authorization": f"Bearer {self._hook_token}",
            "Content-Type": "application/json",
            **headers,
        }
        try:
            answer = await self._send("POST", path, headers=headers, content=body, limits=HOOKS)
        except outbound.OutboundError as exc:
            return _unanswered_outcome(exc)
        if 200 <= answer.status < 300:
            return classify(answer)
        return _refused_outcome(answer, self._words_of(answer))

    async def _history_pages(self, session_key: str, pages: int) -> AsyncIterator[list[Entry]]:
        cursor = ""
        for _number in range(pages):
            query = f"?limit={HISTORY_PAGE}" + (f"&cursor={quote(cursor, safe='')}" if cursor else "")
            page = _object(await self._query("GET", f"/sessions/{quote(session_key, safe='')}/history{query}"))
            rows = page.get("items", page.get("messages"))
            if not isinstance(rows, list):
                raise GatewayError(_("The gateway's answer is not what was asked for."))
            yield [_entry(row) for row in _rows(rows)]
            cursor = str(page.get("nextCursor") or "")
            if not page.get("hasMore") or not cursor:
                return

    async def _query(self, method: str, path: str, content: bytes | None = None) -> outbound.Answer:
        """One question that needs the gateway token; only 200 comes back from here."""
        headers = {"Authorization": f"Bearer {self._gateway_token}", "Content-Type": "application/json"}
        try:
            answer = await self._send(method, path, headers=headers, content=content, limits=HISTORY)
        except (outbound.Unreachable, outbound.TimedOut, outbound.ConnectionLost) as exc:
            raise Unreachable(str(exc)) from exc
        except outbound.OutboundError as exc:
            raise GatewayError(str(exc)) from exc
        if answer.status in (401, 403):
            raise Unauthorized(_("The gateway does not accept the gateway token."))
        if answer.status == 404:
            raise (NoSession if _is_its_own(answer) else NotFound)(_("The gateway does not know that."))
        if answer.status != 200:
            sentence = _("The gateway answered {status}.").format(status=answer.status)
            raise GatewayError(f"{sentence} {self._words_of(answer)}".strip())
        return answer

    async def _send(self, method: str, path: str, **kwargs: Any) -> outbound.Answer:
        """A token goes out on the connection on which the gateway has just proved itself, if that was kept open."""
        async with outbound.kept_open(self._transport, is_named_by_operator=self._is_named_by_operator) as transport:
            if self.identity and "Authorization" in kwargs.get("headers", {}):
                await self.identity.prove(transport)
            return await outbound.request(method, self.base_url + path, transport=transport, **kwargs)

    def _words_of(self, answer: outbound.Answer) -> str:
        """The gateway's own words, one short line without our tokens."""
        words = _error_text(answer.body)
        for token in (self._hook_token, self._gateway_token):
            words = words.replace(token, "…") if token else words
        return words[:200]


def _admission(answer: outbound.Answer) -> Outcome:
    try:
        run_id = _object(answer).get("runId")
    except GatewayError:
        run_id = None
    if isinstance(run_id, str) and run_id:
        return Outcome(Kind.ADMITTED, run_id=run_id[:100], status=answer.status)
    return Outcome(Kind.AMBIGUOUS, "not_admitted", status=answer.status)


def _wake(answer: outbound.Answer) -> Outcome:
    try:
        is_taken = _object(answer).get("ok") is True
    except GatewayError:
        is_taken = False
    if is_taken:
        return Outcome(Kind.ADMITTED, status=answer.status)
    return Outcome(Kind.AMBIGUOUS, "not_woken", status=answer.status)


def _refused_outcome(answer: outbound.Answer, words: str) -> Outcome:
    """`words` are the gateway's own."""
    status = answer.status
    code = failures.code_of(status)
    if status == 504:  # a proxy in between does not know whether the gateway has it
        return Outcome(Kind.AMBIGUOUS, code, words, status=status)
    if status in (408, 429) or status >= 500:
        return Outcome(Kind.RETRY, code, words, retry_after=_retry_after(answer), status=status)
    return Outcome(Kind.REFUSED, code, words, status=status)


def _unanswered_outcome(exc: outbound.OutboundError) -> Outcome:
    if isinstance(exc, outbound.ForbiddenAddress):
        return Outcome(Kind.REFUSED, "may_not_be_called", str(exc), sent=False)
    if isinstance(exc, NotProved):
        return Outcome(Kind.RETRY, exc.code, sent=False)
    if exc.sent:
        return Outcome(Kind.AMBIGUOUS, "answer_lost", str(exc))
    return Outcome(Kind.RETRY, "unreachable", str(exc), sent=False)


def _retry_after(answer: outbound.Answer) -> float | None:
    """Seconds, from either form of the header; at most ten minutes."""
    given = answer.headers.get("Retry-After", "").strip()
    if given.isdecimal():
        return min(float(given), MAX_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(given)
    except ValueError:
        return None
    seconds = (until.astimezone(UTC) - timezone.now()).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _error_text(body: bytes) -> str:
    """What an error body says: plain text, {"error": text} or {"error": {"message" or "code"}}."""
    text = body[:4096].decode("utf-8", "replace")
    try:
        error = strict_json.storable(strict_json.loads(body)).get("error", "")
    except (ValueError, AttributeError, RecursionError):
        error = "" if text.lstrip().startswith("<") else text
    if isinstance(error, dict):
        error = error.get("message") or error.get("code") or ""
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", str(error)).strip()


def _object(answer: outbound.Answer) -> dict[str, Any]:
    try:
        value = strict_json.storable(strict_json.loads(answer.body))
    except (ValueError, RecursionError) as exc:
        raise GatewayError(_("The gateway's answer is not JSON.")) from exc
    if not isinstance(value, dict):
        raise GatewayError(_("The gateway's answer is not what was asked for."))
    return value


def _is_its_own(answer: outbound.Answer) -> bool:
    """Whether a 404 is the gateway's word about a session, and not a proxy's about a path."""
    try:
        error = _object(answer).get("error")
    except GatewayError:
        return False
    return isinstance(error, dict) and error.get("type") == "not_found"


def _rows(value: object) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _entry(row: dict[str, Any]) -> Entry:
    note = row.get("__openclaw")
    ours = note if isinstance(note, dict) else {}
    return Entry(
        role=str(row.get("role") or ""),
        text=text_of(row.get("content", row.get("text"))),
        at=_instant(row.get("timestamp")),
        run_id=str(ours.get("runId") or ""),
        stop_reason=str(row.get("stopReason") or ""),
        error=str(row.get("errorMessage") or ""),
        model=str(row.get("model") or ""),
        usage=usage_in(row.get("usage")),
    )


def text_of(content: object) -> str:
    """A message's text: its content is a string or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))


def _instant(milliseconds: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _remote_agent(row: dict[str, Any]) -> RemoteAgent:
    slug = str(row.get("id") or "")
    return RemoteAgent(slug, str(row.get("name") or slug))


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
