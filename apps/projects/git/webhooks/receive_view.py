"""POST /git/webhooks/<uuid>/: the door for deliveries of GitHub, GitLab, Gitea and Forgejo.

Everything is checked on the raw bytes before anything is parsed; whatever is answered with 2xx is stored
or means nothing to us. GitHub never sends a lost delivery again: resync.py finds what was missed.
"""

from types import ModuleType
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from apps import job_queue, strict_json
from apps.accounts import audit, rate_limits
from apps.projects.git import forges
from apps.projects.git.webhooks import deliveries
from apps.projects.models import Repository
from apps.rest.signed_webhooks import WebhookRefused, raw_body, signed_webhook

LARGEST = 5 * 1024 * 1024
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
        facts = {"project_id": repository.project_id, "repository": repository.name} if repository else {}
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
    adapter = forges.adapter_of(repository) if repository else None
    if repository is None or adapter is None or not is_signed(request, repository, adapter, raw):
        raise NOT_SIGNED
    kind = adapter.kind_of(request.headers)
    if kind and kind == adapter.PING:
        return 200, "ping"
    if kind not in adapter.KINDS:
        return 204, ""
    name = adapter.delivery_id_of(request.headers)
    delivery = deliveries.store(repository, kind=kind, name=name, body=raw, payload=parsed(raw))
    if delivery is None:
        return 200, "known"
    job_queue.enqueue_or_leave("apps.projects.jobs.process_delivery", delivery.pk)
    return 202, "stored"


def is_signed(request: HttpRequest, repository: Repository, adapter: ModuleType, raw: bytes) -> bool:
    fits = [adapter.verify(secret, request.headers, raw) for secret in repository.valid_webhook_secrets if secret]
    return any(fits)  # all were tried, for the time


def parsed(raw: bytes) -> dict[str, Any]:
    try:
        payload = strict_json.loads(raw)
    except ValueError as error:
        raise WebhookRefused(415, "unsupported", "Let the webhook send application/json.") from error
    if not isinstance(payload, dict):
        raise WebhookRefused(400, "invalid", "A delivery is an object.")
    return payload
