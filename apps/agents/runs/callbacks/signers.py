"""Whose secret a report is signed with, and its answer; what is wrong with one that is signed with nobody's."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.agents.models import Gateway
from apps.agents.runs import stops
from apps.rest import webhook_signatures
from apps.sql.compiled import compiled


def signers_of(request: HttpRequest, raw: bytes) -> list[Gateway]:
    """The enabled gateways whose secret made this request, and lately; two only where secrets are equal.

    Each with `has_stops`: whether there is one that it is to be told of.
    """
    stamp, given, bearer = _presented(request)
    is_recent = webhook_signatures.is_recent(stamp)
    found = []
    for gateway in _with_secrets():
        is_bearer = webhook_signatures.same(gateway.callback_secret, bearer)
        is_signed = _is_signed(gateway, raw, stamp, given)
        if gateway.is_enabled and ((is_signed and is_recent) or (is_bearer and not given)):
            found.append(gateway)
    return found


def sign_answer(response: HttpResponse, gateway: Gateway, request: HttpRequest) -> None:
    """Sign what we answer to a signed report, over the report's signature: our plugin does what it says then."""
    _stamp, given, _bearer = _presented(request)
    if given:
        over = f"answer.{given}.".encode() + response.content
        response["X-Teamboard-Signature"] = f"sha256={webhook_signatures.hex_of(gateway.callback_secret, over)}"


def cause_of(request: HttpRequest, raw: bytes) -> dict[str, Any]:
    """Why it is nobody's, for the audit and the check of a gateway; the answer never says it.

    `clock`: the seconds by which the gateway's is ahead of ours. `secret`: none of ours signed it.
    """
    stamp, given, _bearer = _presented(request)
    signing = next((gateway for gateway in _with_secrets() if _is_signed(gateway, raw, stamp, given)), None)
    if signing is None:
        return {"cause": "secret" if given else "unsigned"}
    about = {"gateway": signing.name, "gateway_id": signing.pk}
    if not signing.is_enabled:
        return {"cause": "disabled", **about}
    seconds = int(stamp) - int(timezone.now().timestamp()) if stamp.isascii() and stamp.isdecimal() else 0
    return {"cause": "clock", "seconds": seconds, **about}


def _presented(request: HttpRequest) -> tuple[str, str, str]:
    """The time, the signature and the bearer token; "" for what is missing."""
    headers = request.headers
    bearer = headers.get("Authorization", "").removeprefix("Bearer ")
    return headers.get("X-Teamboard-Timestamp", ""), headers.get("X-Teamboard-Signature", ""), bearer


def _with_secrets() -> list[Gateway]:
    return _gateways.all()


@compiled
def _gateways() -> QuerySet[Gateway]:
    with_secret = Gateway.objects.exclude(callback_secret="")  # nosec B106 - leaves out gateways without one
    has_stops = Exists(stops.unconfirmed_at(OuterRef("pk")))
    return with_secret.annotate(has_stops=has_stops).order_by("pk")  # type: ignore[no-redef]  # declared on the model


def _is_signed(gateway: Gateway, raw: bytes, stamp: str, given: str) -> bool:
    signature = given.removeprefix("sha256=")
    fits = webhook_signatures.is_hex(gateway.callback_secret, stamp.encode() + b"." + raw, signature)
    return fits and given.startswith("sha256=")
