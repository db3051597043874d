"""POST /git/webhooks/<uuid>/: the door for deliveries of GitHub, GitLab, Gitea and Forgejo.

The signature is checked on the bytes before their JSON is parsed; whatever is answered with 2xx is stored
or means nothing to us. GitHub never sends a lost delivery again: resync.py finds what was missed.
"""

from types import ModuleType
from typing import Any
from urllib.parse import unquote_to_bytes
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from apps import job_queue, strict_json
from apps.accounts import audit, rate_limits
from apps.projects.git import forges
from apps.projects.git.webhooks import deliveries, refusals
from apps.projects.models import Repository
from apps.rest.signed_webhooks import WebhookRefused, raw_body, signed_webhook

LARGEST = 5 * 1024 * 1024
FORM = "application/x-www-form-urlencoded"  # what GitHub proposes: the JSON is in the field `payload`
# The same for a webhook that is not there: nobody finds out which are.
NOT_SIGNED = WebhookRefused(401, "unauthorized", "This delivery is not signed with the secret of a webhook here.")
TOO_LARGE = WebhookRefused(413, "too_large", "A delivery has 5 MiB at most.")
BROKEN = WebhookRefused(400, "broken", "The delivery broke off.")


@signed_webhook
def receive(request: HttpRequest, uid: UUID) -> HttpResponse:
    """202 once it is stored, 200 for a ping or what is known already, 204 for what means nothing to us."""
    repository = Repository.objects.filter(uid=uid).first()
    try:
        status, outcome = take(request, repository)
    except WebhookRefused as refused:
        facts = refusals.facts_about(repository) if repository else {}
        audit.refused("delivery.refused", by=None, request=request, status=refused.status, code=refused.code, **facts)
        raise
    return JsonResponse({"delivery": outcome}, status=status) if outcome else HttpResponse(status=status)


def take(request: HttpRequest, repository: Repository | None) -> tuple[int, str]:
    """The status that says what was made of it, and a word for that. Raises WebhookRefused."""
    limit = settings.WEBHOOKS_PER_MINUTE
    if not rate_limits.passes(f"hook:{request.path}:{audit.address_of(request)}", limit):
        wait = int(rate_limits.seconds_left()) + 1
        raise WebhookRefused(429, "too_often", "Too many deliveries in a minute.", retry_after=wait)
    raw = raw_body(request, most=LARGEST, too_large=TOO_LARGE, broken=BROKEN)
    body = json_in(raw) if request.content_type == FORM else raw
    adapter = forges.adapter_of(repository) if repository else None
    # GitHub signs the form, Gitea and Forgejo the JSON inside it.
    if repository is None or adapter is None or not is_signed(request, repository, adapter, {raw, body}):
        raise NOT_SIGNED
    kind = adapter.kind_of(request.headers)
    if kind and kind == adapter.PING:
        return 200, "ping"
    if kind not in adapter.KINDS:
        return 204, ""
    name = adapter.delivery_id_of(request.headers)
    delivery = deliveries.store(repository, kind=kind, name=name, body=raw, payload=parsed(body))
    if delivery is None:
        return 200, "known"
    job_queue.enqueue("apps.projects.jobs.process_delivery", delivery.pk)
    return 202, "stored"


def json_in(form: bytes) -> bytes:
    """The bytes of the field `payload`, in which forges send the JSON by a form; none where there is no such field."""
    for field in form.split(b"&"):
        name, _, value = field.partition(b"=")
        if name == b"payload":
            return unquote_to_bytes(value.replace(b"+", b" "))
    return b""


def is_signed(request: HttpRequest, repository: Repository, adapter: ModuleType, bodies: set[bytes]) -> bool:
    """Whether one of `bodies`, which say the same, is signed with a secret that is valid now."""
    secrets = [secret for secret in repository.valid_webhook_secrets if secret]
    fits = [adapter.verify(secret, request.headers, body) for secret in secrets for body in bodies]
    return any(fits)  # all were tried, for the time


def parsed(raw: bytes) -> dict[str, Any]:
    try:
        payload = strict_json.loads(raw)
    except ValueError as error:
        raise WebhookRefused(
            415, "unsupported", "A delivery is JSON, alone or in the field payload of a form."
        ) from error
    if not isinstance(payload, dict):
        raise WebhookRefused(400, "invalid", "A delivery is an object.")
    return payload
