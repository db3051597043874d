"""Deliveries of forges: stored first, worked on afterwards, as often as it takes, and kept for a while."""

import hashlib
import logging
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.models import User
from apps.constraints import violates
from apps.errors import Refused
from apps.projects import permissions
from apps.projects.git.forges import adapter_of
from apps.projects.git.forges.payload import UnreadablePayload
from apps.projects.git.sanitize import tidy
from apps.projects.git.webhooks import apply, redact
from apps.projects.models import Repository, WebhookDelivery
from apps.projects.permissions import Action

log = logging.getLogger(__name__)
KEPT = timedelta(days=30)
GRACE = timedelta(seconds=10)  # so the sweep leaves to the job what has only just come
PATIENCE = timedelta(minutes=10)  # how long what fails is tried again


class Unreadable(Refused):
    """A delivery came to nothing."""


def store(
    repository: Repository, *, kind: str, name: str, body: bytes, payload: dict[str, Any]
) -> WebhookDelivery | None:
    """Keep one delivery; None when its name or its very bytes were here before. It is worked on after the commit."""
    digest = hashlib.sha256(body).hexdigest()
    given = {"delivery_id": tidy(name, 100) or digest, "body_sha256": digest, "kind": tidy(kind, 60)}
    try:
        with transaction.atomic():
            delivery = repository.deliveries.create(payload=redact.redacted(payload), **given)
    except IntegrityError as error:
        if not violates(error, "delivery_id_once_per_repository", "delivery_body_once_per_repository"):
            raise
        return None
    return delivery


def process(delivery: WebhookDelivery) -> None:
    """Apply what it says. What can't be read says so in the log and is done with; anything else is tried again."""
    repository = delivery.repository
    adapter = adapter_of(repository)
    try:
        with transaction.atomic():
            for change in adapter.read(delivery.kind, delivery.payload) if adapter else []:
                apply.apply(repository, change)
    except UnreadablePayload as odd:
        _done(delivery, error=f"lacks {odd}")
    else:
        _done(delivery)


def _done(delivery: WebhookDelivery, *, error: str = "") -> None:
    WebhookDelivery.objects.filter(pk=delivery.pk).update(processed_at=Now(), error=error)
    delivery.error = error
    with suppress(WebhookDelivery.DoesNotExist):  # the repository was removed meanwhile, with its deliveries
        delivery.refresh_from_db(fields=["processed_at", "error"])


def try_to_process(pk: int) -> None:
    """The same for the worker: what fails is written down and stays due."""
    delivery = WebhookDelivery.objects.select_related("repository").filter(pk=pk, processed_at=None).first()
    if delivery is None:
        return
    try:
        process(delivery)
    except Exception as error:
        log.exception("A delivery could not be worked on", extra={"delivery": pk})
        WebhookDelivery.objects.filter(pk=pk).update(error=type(error).__name__)


def overdue() -> list[int]:
    """What was stored but never worked on; what has failed, only while it is young."""
    tried_enough = ~Q(error="") & Q(received_at__lt=Now() - PATIENCE)
    due = WebhookDelivery.objects.filter(processed_at=None, received_at__lt=Now() - GRACE).exclude(tried_enough)
    # What was never tried first: many that fail hold back none that only lost its job.
    return list(due.order_by("error", "received_at").values_list("pk", flat=True)[:500])


def replay(delivery: WebhookDelivery, *, by: User) -> None:
    """Work on it once more. Raises NotAllowed, and Unreadable when nothing can come of it."""
    repository = delivery.repository
    permissions.require(by, Action.MANAGE, repository.project)
    process(delivery)
    about: dict[str, Any] = {
        "project_id": repository.project_id,
        "repository": repository.name,
        "delivery": delivery.delivery_id,
    }
    audit.record("delivery.replayed", by=by, **about)
    if delivery.error:
        raise Unreadable(_("Team Board can't read this delivery: it lacks what it should say."))


def delete_old() -> int:
    """Forget those older than a month; how many there were."""
    return WebhookDelivery.objects.filter(received_at__lt=Now() - KEPT).delete()[0]
