"""POST /api/v1/agents/callback/: the door for reports of our plugin and of OpenClaw's cron webhook.

Signed (C1): `x-teamboard-signature: sha256=HMAC(secret, timestamp + "." + raw body)` with
`x-teamboard-timestamp` within five minutes, or, for the cron webhook, the secret as bearer token.
Everything is checked on the raw bytes before anything is parsed.
"""

import hashlib
import json
from typing import Any

from django.http import HttpRequest, JsonResponse

from apps import strict_json
from apps.accounts import audit
from apps.agents.models import Gateway
from apps.agents.runs import stops
from apps.agents.runs.callbacks import beats, results, stop_answers
from apps.agents.runs.callbacks.signers import cause_of, sign_answer, signers_of
from apps.rest import signed_webhooks
from apps.rest.signed_webhooks import WebhookRefused, signed_webhook

LARGEST = 1024 * 1024
DEEPEST = 32
NOT_SIGNED = WebhookRefused(401, "unauthorized", "This report is not signed by a gateway we know.")
TOO_LARGE = WebhookRefused(413, "too_large", "A report has 1 MiB at most.")


@signed_webhook
def callback(request: HttpRequest) -> JsonResponse:
    """200 with what it came to (also when repeated), 409 for a result that came too late.

    The answer names what this gateway is to stop, and is signed where the report is.
    """
    facts: dict[str, Any] = {}
    try:
        raw = raw_body(request)
        signers = signers_of(request, raw)
        if not signers:  # anything that is wrong with a signature is one and the same refusal (C7)
            facts = cause_of(request, raw)
            raise NOT_SIGNED
        body = parsed(raw)
        event_id, kind = named(request, body)
        gateway = gateway_of(signers, kind, body)
        outcome = receive(gateway, event_id, kind, body)
    except WebhookRefused as refused:
        audit.refused("callback.refused", by=None, request=request, status=refused.status, code=refused.code, **facts)
        raise
    asked = stops.asked_of(gateway) if gateway.has_stops and kind != stop_answers.KIND else []
    told = {"outcome": outcome} | ({"stops": asked} if asked else {})
    response = JsonResponse(told, status=409 if outcome == results.LATE else 200)
    sign_answer(response, gateway, request)
    return response


def receive(gateway: Gateway, event_id: str, kind: str, body: dict[str, Any]) -> str:
    """What the report came to. Beats and answers to a stop are worth nothing later, so nothing of them is kept."""
    if kind == beats.KIND:
        return beats.receive(gateway, body)
    if kind == stop_answers.KIND:
        return stop_answers.receive(gateway, body)
    return results.receive(gateway, event_id, kind, body).outcome


def raw_body(request: HttpRequest) -> bytes:
    if request.content_type != "application/json" or request.headers.get("Content-Encoding"):
        raise WebhookRefused(415, "unsupported", "Send application/json, not encoded.")
    return signed_webhooks.raw_body(request, most=LARGEST, too_large=TOO_LARGE, broken=TOO_LARGE)


def gateway_of(signers: list[Gateway], kind: str, body: dict[str, Any]) -> Gateway:
    """The one of `signers` whose run it is about; the first, where it is about none."""
    return next((gateway for gateway in signers[1:] if results.run_of(gateway, kind, body)), signers[0])


def parsed(raw: bytes) -> dict[str, Any]:
    try:
        body = strict_json.loads(raw, unique_names=True)
    except ValueError as exc:
        raise WebhookRefused(400, "invalid", "This is not strict JSON in UTF-8.") from exc
    if not isinstance(body, dict) or _is_deeper(body, DEEPEST):
        raise WebhookRefused(400, "invalid", "A report is an object, 32 levels deep at most.")
    report: dict[str, Any] = strict_json.storable(body)
    return report


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether more than so many objects and lists stand one in another."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return inner is not None and (not levels or any(_is_deeper(each, levels - 1) for each in inner))


def named(request: HttpRequest, body: dict[str, Any]) -> tuple[str, str]:
    """The event's id and kind; the cron webhook's shape is told apart by its `action`."""
    if body.get("action") == "finished" and "jobId" in body:
        body["text"] = body.get("summary")
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        return f"cron-{digest}", "run.finished"
    event_id, kind = body.get("id"), body.get("event")
    if not isinstance(event_id, str) or not isinstance(kind, str) or not 0 < len(event_id) <= 100:
        raise WebhookRefused(400, "invalid", "A report has an id and an event.")
    return event_id, kind[:40]
