"""POST /api/v1/agents/callback/: the door for reports of our plugin and of OpenClaw's cron webhook.

Signed (C1): `x-teamboard-signature: sha256=HMAC(secret, timestamp + "." + raw body)` with
`x-teamboard-timestamp` within five minutes, or, for the cron webhook, the secret as bearer token.
Everything is checked on the raw bytes before anything is parsed.
"""

import hashlib
import hmac
import json
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.http.request import UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps import strict_json
from apps.accounts import audit
from apps.agents.models import Gateway
from apps.agents.runs.callbacks import results

LARGEST = 1024 * 1024
DEEPEST = 32
TOLERANCE = 300  # seconds


class Unacceptable(Exception):
    """The request cannot be taken: status and one plain sentence."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.code, self.sentence = status, code, sentence


NOBODY = Unacceptable(401, "unauthorized", "This report is not signed by a gateway we know.")


@csrf_exempt  # signed instead: no cookie is looked at
@login_not_required
@require_POST
def callback(request: HttpRequest) -> JsonResponse:
    """200 with what it came to (also when repeated), 409 for a result that came too late."""
    try:
        raw = raw_body(request)
        gateway = signer_of(request, raw)
        body = parsed(raw)
        report = results.receive(gateway, *named(request, body), body)
    except Unacceptable as no:
        audit.refused("callback.refused", by=None, request=request, status=no.status, code=no.code)
        problem = {"type": "about:blank", "title": no.sentence, "status": no.status, "code": no.code}
        return JsonResponse(problem, status=no.status, content_type="application/problem+json")
    return JsonResponse({"outcome": report.outcome}, status=409 if report.outcome == results.LATE else 200)


def raw_body(request: HttpRequest) -> bytes:
    if request.content_type != "application/json" or request.headers.get("Content-Encoding"):
        raise Unacceptable(415, "unsupported", "Send application/json, not encoded.")
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > LARGEST:
        raise Unacceptable(413, "too_large", "A report has 1 MiB at most.")
    try:
        raw = request.body
    except (RequestDataTooBig, UnreadablePostError) as exc:
        raise Unacceptable(413, "too_large", "A report has 1 MiB at most.") from exc
    if len(raw) > LARGEST:
        raise Unacceptable(413, "too_large", "A report has 1 MiB at most.")
    return raw


def signer_of(request: HttpRequest, raw: bytes) -> Gateway:
    """The gateway whose secret made this request; anything else is one and the same refusal (C7)."""
    stamp = request.headers.get("X-Teamboard-Timestamp", "")
    given = request.headers.get("X-Teamboard-Signature", "")
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    found = None
    for gateway in Gateway.objects.filter(is_enabled=True).exclude(callback_secret=""):  # nosec B106 - leaves out gateways without one
        secret = gateway.callback_secret.encode()
        expected = "sha256=" + hmac.new(secret, stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
        is_signed = hmac.compare_digest(expected.encode(), given.encode())
        is_bearer = hmac.compare_digest(secret, bearer.encode())
        if (is_signed and _is_now(stamp)) or (is_bearer and not given):
            found = gateway
    if found is None:
        raise NOBODY
    return found


def _is_now(stamp: str) -> bool:
    return stamp.isdecimal() and len(stamp) < 12 and abs(timezone.now().timestamp() - int(stamp)) <= TOLERANCE


def parsed(raw: bytes) -> dict[str, Any]:
    try:
        body = strict_json.loads(raw, unique_names=True)
    except ValueError as exc:
        raise Unacceptable(400, "invalid", "This is not strict JSON in UTF-8.") from exc
    if not isinstance(body, dict) or _is_deeper(body, DEEPEST):
        raise Unacceptable(400, "invalid", "A report is an object, 32 levels deep at most.")
    return strict_json.storable(body)


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
        raise Unacceptable(400, "invalid", "A report has an id and an event.")
    return event_id, kind[:40]
