"""Asking a forge's API through the one way out, and what can go wrong, as a code with facts and in words."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _

from apps import outbound, strict_json
from apps.projects.git.forges.payload import UnreadablePayload
from apps.projects.git.sanitize import tidy

LIMITS = outbound.Limits(size=8 * 1024 * 1024)
PAGE = 50
MOST_PAGES = 40
SENTENCES = {
    "forbidden": _("The forge's address is not one that Team Board may call: {said}"),
    "unreachable": _("The forge can't be reached: {said}"),
    "timed_out": _("The forge did not answer in time."),
    "broken": _("The forge's answer broke off or was too long."),
    "token_refused": _("The forge does not accept the token: it is wrong, or has expired."),
    "not_allowed": _("The token is not allowed to do this. The forge says: {said}"),
    "not_found": _("The forge knows no such repository, or does not show it to this token."),
    "moved": _("The repository has moved. Enter its new address."),
    "too_many": _("The forge has had enough requests for now; Team Board asks again later."),
    "forge_failed": _("The forge has a problem of its own (status {status})."),
    "not_possible": _("The forge can't do this now. It says: {said}"),
    "odd": _("What answers there is no such forge."),
    "no_token": _(
        "A deploy key opens no forge's API. Only webhooks tell of requests here; what they miss stays unknown."
    ),
    "no_forge": _("This repository has no forge that could be asked."),
}


class ForgeError(Exception):
    """The forge gave no usable answer; `code` and `facts` are what SENTENCES says."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts

    def __str__(self) -> str:
        return sentence(self.code, self.facts)


class ForgeNotFound(ForgeError):
    """What was asked for is not there, though the rest may be."""


def sentence(code: str, facts: dict[str, object]) -> str:
    """In the reader's language."""
    return str(SENTENCES.get(code, SENTENCES["odd"])).format(**{"said": "", "status": "", **facts})


class Api:
    """One forge's API at `base`, asked with `headers`."""

    def __init__(self, base: str, headers: dict[str, str], *, transport: outbound.Transport | None = None) -> None:
        self.base, self.headers, self.transport = base, headers, transport

    def get(self, path: str, **query: object) -> Any:
        return self._ask("GET", f"{self.base}{path}" + (f"?{urlencode(query)}" if query else ""))

    def put(self, path: str, body: dict[str, object], *, method: str = "PUT") -> Any:
        return self._ask(method, f"{self.base}{path}", json.dumps(body).encode())

    def pages[Row](
        self,
        path: str,
        read: Callable[[dict[str, Any]], Row | None],
        *,
        inside: str = "",
        size: str = "per_page",
        **query: object,
    ) -> Iterator[Row]:
        """What `read` makes of every row of a list, but for rows that say nothing, until a page is not full.

        `inside` names the list in an object.
        """
        for page in range(1, MOST_PAGES + 1):
            answer = self.get(path, **query, page=page, **{size: PAGE})
            rows = answer.get(inside) if inside and isinstance(answer, dict) else answer
            if not isinstance(rows, list):
                raise ForgeError("odd")
            yield from readable(rows, read)
            if len(rows) < PAGE:
                return

    def _ask(self, method: str, url: str, content: bytes | None = None) -> Any:
        headers = {"Accept": "application/json", **self.headers}
        if content is not None:
            headers["Content-Type"] = "application/json"
        sending = outbound.request(
            method, url, headers=headers, content=content, limits=LIMITS, transport=self.transport
        )
        try:
            answer = asyncio.run(sending)
        except outbound.ForbiddenAddress as error:
            raise ForgeError("forbidden", said=str(error)) from error
        except outbound.Unreachable as error:
            raise ForgeError("unreachable", said=str(error)) from error
        except outbound.TimedOut as error:
            raise ForgeError("timed_out") from error
        except outbound.OutboundError as error:
            raise ForgeError("broken") from error
        return _json_of(answer)


def readable[Row](rows: list[Any], read: Callable[[dict[str, Any]], Row | None]) -> Iterator[Row]:
    for row in rows:
        try:
            found = read(row) if isinstance(row, dict) else None
        except UnreadablePayload:
            continue
        if found is not None:
            yield found


def _json_of(answer: outbound.Answer) -> Any:
    """The JSON of a good answer. Raises ForgeError for any other."""
    if 200 <= answer.status < 300:
        try:
            return strict_json.loads(answer.body or b"null")
        except ValueError as error:
            raise ForgeError("odd") from error
    said = _message_in(answer)
    if answer.status == 429 or (answer.status == 403 and answer.headers.get("X-RateLimit-Remaining") == "0"):
        raise ForgeError("too_many")
    if 300 <= answer.status < 400:
        raise ForgeError("moved")
    if answer.status >= 500:
        raise ForgeError("forge_failed", status=answer.status)
    if answer.status == 404:
        raise ForgeNotFound("not_found")
    codes = {401: "token_refused", 403: "not_allowed"}
    raise ForgeError(codes.get(answer.status, "not_possible"), said=said)


def _message_in(answer: outbound.Answer) -> str:
    try:
        body = strict_json.loads(answer.body)
    except ValueError:
        return ""
    return tidy(body.get("message") or body.get("error") or "", 200) if isinstance(body, dict) else ""
