"""Who answers at a gateway's address: asked before a token of ours is sent there.

By https the certificate says it. By http our plugin does: POST /teamboard/control is signed with the callback secret,
and so is its answer, over the request's signature, which nobody can give who has not the secret. Where the plugin has
no such route, and the gateway never proved itself, it has at least to speak as OpenClaw does, and to be on this machine
or at an address of which an operator has said that tokens go there all the same. A stranger that has taken the port of
one that proved itself is found out in any case.
"""

import hashlib
import hmac
import json
from typing import Any, Self
from uuid import uuid4

from django.utils import timezone

from apps import outbound, strict_json
from apps.agents.gateways import failures
from apps.agents.models import Gateway

ROUTE = "/teamboard/control"
LIMITS = outbound.Limits(read=8, total=10)


class NotProved(outbound.OutboundError):
    """Somebody answers who is not, or can't be known to be, the gateway; no token was sent.

    `code` is one of `failures.SENTENCES`; the exception reads as its sentence in the language that is active then.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code, sent=False)
        self.code = code

    def __str__(self) -> str:
        return failures.sentence_of(self.code)


class Identity:
    """One gateway's. `info` is what its plugin said of it when it proved itself."""

    def __init__(
        self,
        base_url: str,
        secret: str,
        *,
        must_prove: bool,
        is_confirmed: bool = False,
        transport: outbound.Transport | None = None,
    ) -> None:
        """`must_prove`: it has proved itself before, or is ours, so it can.

        `is_confirmed`: an operator lets tokens go to this very address though nobody can prove who answers.
        """
        self._base_url = base_url.rstrip("/")
        self._secret = secret.encode()
        self._must_prove = must_prove
        self._is_confirmed = is_confirmed
        self._transport = transport
        self.is_proved = self._may_pass = False
        self.info: dict[str, Any] = {}

    @classmethod
    def of(cls, gateway: Gateway) -> Self:
        must_prove = gateway.is_practice or gateway.proved_at is not None
        return cls(gateway.url, gateway.callback_secret, must_prove=must_prove, is_confirmed=is_confirmed(gateway))

    async def prove(self, transport: outbound.Transport | None = None) -> None:
        """Return when a token may go there, by the connection of `transport`.

        Raises NotProved, or outbound.OutboundError without an answer.
        """
        if self._may_pass or self._base_url.startswith("https://"):
            return
        answer = await self.ask("info", transport=transport)
        if not self.is_proved:
            self._may_be_unproved(answer)
            await self._speaks_as_openclaw(transport)
        self._may_pass = True

    async def ask(self, what: str, *, transport: outbound.Transport | None = None, **facts: str) -> outbound.Answer:
        """The plugin's answer; `is_proved` and `info` say afterwards whether it was signed, and what it said."""
        body = json.dumps({"id": str(uuid4()), "do": what, **facts}).encode()
        stamp = str(int(timezone.now().timestamp()))
        signature = self._signature(f"{stamp}.".encode() + body)
        headers = {
            "Content-Type": "application/json",
            "X-Teamboard-Timestamp": stamp,
            "X-Teamboard-Signature": signature,
        }
        answer = await self._request("POST", ROUTE, transport=transport, headers=headers, content=body)
        given = answer.headers.get("X-Teamboard-Signature", "")
        wanted = self._signature(f"answer.{signature}.".encode() + answer.body)
        if self._secret and hmac.compare_digest(given.encode(), wanted.encode()):
            self.is_proved = True
            self.info |= json_of(answer)
        return answer

    def _may_be_unproved(self, answer: outbound.Answer) -> None:
        """Raise unless a token may go where the plugin gave no proof but this `answer`."""
        if answer.status == 503:
            raise outbound.Unreachable("It is starting or draining.")
        if answer.status == 401 and str(json_of(answer).get("error")).startswith("not signed"):
            raise NotProved("other_secret")
        if self._must_prove:
            raise NotProved("not_proved")
        if not (self._is_confirmed or outbound.is_on_this_machine(self._base_url)):
            raise NotProved("unproved_address")

    async def _speaks_as_openclaw(self, transport: outbound.Transport | None) -> None:
        health = json_of(await self._request("GET", "/healthz", transport=transport))
        if (health.get("ok"), health.get("status")) != (True, "live"):
            raise NotProved("no_openclaw")

    def _signature(self, signed: bytes) -> str:
        return f"sha256={hmac.new(self._secret, signed, hashlib.sha256).hexdigest()}"

    async def _request(
        self, method: str, path: str, *, transport: outbound.Transport | None, **kwargs: Any
    ) -> outbound.Answer:
        return await outbound.request(
            method,
            self._base_url + path,
            limits=LIMITS,
            transport=transport or self._transport,
            is_named_by_operator=True,
            **kwargs,
        )


def is_confirmed(gateway: Gateway) -> bool:
    """Whether an operator has said of the address that `gateway` has now, and of no other, that tokens may go there."""
    return bool(gateway.unproved_url) and gateway.unproved_url == gateway.url


def json_of(answer: outbound.Answer) -> dict[str, Any]:
    """The object that the answer is; an empty one for anything else."""
    try:
        value = strict_json.storable(strict_json.loads(answer.body))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def remember(gateway: Gateway, identity: Identity | None) -> None:
    """Note that the gateway has proved itself: from now on it has to."""
    if identity and identity.is_proved and gateway.proved_at is None:
        Gateway.objects.filter(pk=gateway.pk, proved_at=None).update(proved_at=timezone.now())
