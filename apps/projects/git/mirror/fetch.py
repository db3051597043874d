"""When a repository is fetched: once connected, when its forge says that somebody pushed, and by the clock."""

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from apps import job_queue
from apps.projects.git.mirror import mirror
from apps.projects.git.mirror.errors import GitFailed
from apps.projects.git.repositories.urls import BadAddress
from apps.projects.models import Repository

log = logging.getLogger(__name__)
EVERY = timedelta(minutes=10)
LEASE = timedelta(minutes=15)  # longer than the longest fetch
FETCHED = ("default_branch", "fingerprint", "size_bytes", "host_keys")
CHECKED_EVERY = timedelta(minutes=1)  # a page that fails may be asked for again and again


def want(repository: Repository) -> None:
    """Have `repository` fetched as soon as a worker is free. Asked ten times at once, it is fetched once or twice."""
    Repository.objects.filter(pk=repository.pk).update(fetch_wanted_at=Now())
    transaction.on_commit(partial(job_queue.enqueue, "apps.projects.jobs.fetch", repository.pk), robust=True)


def want_anew(repository: Repository) -> None:
    """Have the mirror forgotten and made anew, by the worker: another may be fetching into it just now."""
    Repository.objects.filter(pk=repository.pk).update(mirror_wanted_at=Now())
    want(repository)


def want_checked(repository: Repository) -> None:
    """Have the mirror, which a page could not read, looked through, and made anew if it is damaged."""
    row = Repository.objects.filter(pk=repository.pk, fetched_at__lt=Now() - CHECKED_EVERY)
    if row.exclude(fingerprint="").update(fingerprint=""):
        want(repository)


def due() -> list[int]:
    """The repositories that nobody fetches although they are wanted, the longest waiting first."""
    idle = Q(fetch_lease_until=None) | Q(fetch_lease_until__lt=Now())
    wanted = Repository.objects.filter(idle, fetch_wanted_at__lte=Now()).order_by("fetch_wanted_at")
    return list(wanted.values_list("pk", flat=True)[:100])


def fetch(pk: int) -> bool:
    """Fetch a repository that is wanted and that nobody else fetches; whether it is wanted again by now."""
    idle = Q(fetch_lease_until=None) | Q(fetch_lease_until__lt=Now())
    mine = Repository.objects.filter(idle, pk=pk, fetch_wanted_at__lte=Now())
    if not mine.update(fetch_lease_until=Now() + LEASE):
        return False
    repository = Repository.objects.annotate(started_at=Now()).get(pk=pk)
    started_at: datetime = repository.started_at  # type: ignore[attr-defined]  # annotated in the line above
    try:
        _fetch(repository, started_at)
    finally:
        row = Repository.objects.filter(pk=pk)
        row.filter(fetch_wanted_at__lte=started_at).update(fetch_wanted_at=started_at + EVERY)
        row.update(fetch_lease_until=None)
    return pk in due()


def _fetch(repository: Repository, started_at: datetime) -> None:
    """Do it, and keep how it went."""
    outcome: dict[str, Any] = {"fetch_error": "", "fetch_facts": {}}
    before = {name: getattr(repository, name) for name in FETCHED}
    if repository.mirror_wanted_at:
        mirror.forget(repository)
        Repository.objects.filter(pk=repository.pk, mirror_wanted_at=repository.mirror_wanted_at).update(
            mirror_wanted_at=None
        )
    try:
        mirror.fetch(repository)
        outcome["fetched_at"] = started_at
    except (GitFailed, BadAddress) as failure:
        outcome |= {"fetch_error": failure.code, "fetch_facts": failure.facts}
        log.warning("A repository could not be fetched", extra={"repository": repository.pk, "code": failure.code})
    # Only what this fetch found: the rest was read before it, and others may have changed it since.
    kept = {name: getattr(repository, name) for name in FETCHED if getattr(repository, name) != before[name]}
    row = Repository.objects.filter(pk=repository.pk)
    # What came from a former address says nothing about the one that was entered meanwhile.
    if not row.filter(url=repository.url).update(**kept, **outcome) and not row.exists():
        mirror.forget(repository)  # removed meanwhile
