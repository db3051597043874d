"""POST /git/webhooks/<uuid>/: the door for deliveries of GitHub, GitLab, Gitea and Forgejo.

Everything is checked on the raw bytes before anything is parsed; whatever is answered with 2xx is stored
or means nothing to us. GitHub never sends a lost delivery again: reconciling.py finds what was missed.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps import strict_json
from apps.accounts import audit, rate_limits
from apps.projects import jobs
from apps.projects.git import forges
from apps.projects.git.webhooks import deliveries
from apps.projects.models import Repository

LARGEST = 5 * 1024 * 1024


class Unacceptable(Exception):
    """The delivery cannot be taken: status and one plain sentence."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.code, self.sentence = status, code, sentence


# The same for a webhook that is not there: nobody finds out which are.
NOBODY = Unacceptable(401, "unauthorized", "This delivery is not signed with the secret of a webhook here.")


@csrf_exempt  # signed instead: no cookie is looked at
@login_not_required
@require_POST
def receive(request: HttpRequest, uid: UUID) -> HttpResponse:
    """202 once it is stored, 200 for a ping or what is known already, 204 for what means nothing to us."""
    repository = Repository.objects.filter(uid=uid).first()
    try:
        status, what = taken(request, repository)
    except Unacceptable as no:
        about = {"project_id": repository.project_id, "repository": repository.name} if repository else {}
        audit.refused("delivery.refused", by=None, request=request, status=no.status, code=no.code, **about)
        problem = {"type": "about:blank", "title": no.sentence, "status": no.status, "code": no.code}
        answer = JsonResponse(problem, status=no.status, content_type="application/problem+json")
        if no.status == 429:
            answer["Retry-After"] = str(int(rate_limits.seconds_left()) + 1)
        return answer
    return JsonResponse({"delivery": what}, status=status) if what else HttpResponse(status=status)


def taken(request: HttpRequest, repository: Repository | None) -> tuple[int, str]:
    """The status that says what was made of it, and a word for that. Raises Unacceptable."""
    limit = settings.WEBHOOKS_PER_MINUTE
    if not rate_limits.passes(f"hook:{request.path}:{audit.address_of(request)}", limit):
        raise Unacceptable(429, "too_often", "Too many deliveries in a minute.")
    raw = raw_body(request)
    adapter = repository and forges.adapter_of(repository)
    if not adapter or not is_signed(request, repository, raw):
        raise NOBODY
    kind = adapter.kind_of(request.headers)
    if kind and kind == adapter.PING:
        return 200, "ping"
    if kind not in adapter.KINDS:
        return 204, ""
    name = adapter.delivery_of(request.headers)
    delivery = deliveries.store(repository, kind=kind, name=name, body=raw, payload=parsed(raw))
    if delivery is None:
        return 200, "known"
    jobs.hand_on(delivery)
    return 202, "stored"


def raw_body(request: HttpRequest) -> bytes:
    """Read here and not by Django, whose limit for everything else is lower."""
    try:
        raw = request.read(LARGEST + 1)
    except (UnreadablePostError, OSError) as error:
        raise Unacceptable(400, "broken", "The delivery broke off.") from error
    if len(raw) > LARGEST:
        raise Unacceptable(413, "too_large", "A delivery has 5 MiB at most.")
    return raw


def is_signed(request: HttpRequest, repository: Repository, raw: bytes) -> bool:
    verify = forges.adapter_of(repository).verify
    fits = [verify(secret, request.headers, raw) for secret in repository.valid_hook_secrets if secret]
    return any(fits)  # all were tried, for the time


def parsed(raw: bytes) -> dict[str, Any]:
    try:
        payload = strict_json.loads(raw)
    except ValueError as error:
        raise Unacceptable(415, "unsupported", "Let the webhook send application/json.") from error
    if not isinstance(payload, dict):
        raise Unacceptable(400, "invalid", "A delivery is an object.")
    return payload
