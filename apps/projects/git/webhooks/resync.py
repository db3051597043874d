"""Asking the forge what it knows, so that deliveries which never came have had their effect all the same.

GitHub sends a delivery once. What is read here goes through `apply`, as a delivery's words do.
"""

from collections.abc import Container, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from apps import job_queue, outbound
from apps.accounts import audit
from apps.accounts.models import User
from apps.projects import permissions
from apps.projects.git import forges
from apps.projects.git.forges import Client, ForgeError, ForgeNotFound
from apps.projects.git.forges.payload import UnreadablePayload
from apps.projects.git.forges.types import Change, Push, Request
from apps.projects.git.webhooks import apply
from apps.projects.models import Event, PullRequest, Repository
from apps.projects.permissions import Action

OVERLAP = timedelta(hours=1)  # the forge's clock may be another than ours
LEASE = timedelta(minutes=30)  # after a crash the next one begins then
MOST_HEADS = 100  # commits whose checks are asked for at one time, the newest requests' first


def resync(repository: Repository, *, transport: outbound.Transport | None = None) -> int:
    """How much was news. What went wrong stands on the repository, and the next time asks as far back again."""
    began, news, is_whole = timezone.now(), 0, False
    trouble = ForgeError("")
    try:
        client = forges.client_of(repository, transport=transport)
        requests = changed_requests(repository, client)
        for change in missed(repository, client, requests):
            news += apply.apply(repository, change, is_current=True)
        is_whole = True
        for change in checks_of(client, requests):
            news += apply.apply(repository, change, is_current=True)
    except ForgeError as error:
        trouble = error
    except UnreadablePayload:
        trouble = ForgeError("odd")
    compared: dict[str, Any] = {"resync_error": trouble.code, "resync_facts": trouble.facts}
    if is_whole:  # checks are asked for anew each time, and not every token may
        compared["resynced_at"] = began
    Repository.objects.filter(pk=repository.pk).update(**compared)
    repository.refresh_from_db(fields=list(compared))
    return news


def changed_requests(repository: Repository, client: Client) -> list[Request]:
    """The requests of which anything may be news, those that were changed last first."""
    since = (repository.resynced_at or repository.created_at) - OVERLAP
    requests = {request.number: request for request in client.changed_requests(since)}
    requests = {request.number: request for request in client.open_requests()} | requests
    for number in closed(repository, requests):
        with suppress(ForgeNotFound):
            requests[number] = client.request(number)
    return sorted(requests.values(), key=lambda request: request.updated_at, reverse=True)


def missed(repository: Repository, client: Client, requests: list[Request]) -> Iterator[Change]:
    """What deliveries since the last time would have told but for checks, in the order of the forge's clock."""
    yield Push("")
    since = (repository.resynced_at or repository.created_at) - OVERLAP
    known = dict(repository.pull_requests.values_list("number", "updated_at"))
    for request in reversed(requests):
        is_known = known.get(request.number) == request.updated_at
        yield request if is_known else whole(client, request)
        if request.updated_at >= since or not is_known:
            with suppress(ForgeNotFound):
                yield from client.reviews(request.number)


def checks_of(client: Client, requests: list[Request]) -> Iterator[Change]:
    for sha in heads(requests):
        with suppress(ForgeNotFound):
            yield from client.checks(sha)


def closed(repository: Repository, listed: Container[int]) -> list[int]:
    """Those that stand open here and are no more among the open ones there."""
    stand_open = repository.pull_requests.filter(state__in=[PullRequest.State.DRAFT, PullRequest.State.OPEN])
    return [number for number in stand_open.values_list("number", flat=True) if number not in listed]


def whole(client: Client, listed: Request) -> Request:
    """With its sizes, which lists leave out."""
    try:
        return client.request(listed.number)
    except ForgeNotFound:
        return listed


def heads(requests: list[Request]) -> list[str]:
    return list(dict.fromkeys(request.head_sha for request in requests))[:MOST_HEADS]


def due() -> list[int]:
    """Every repository whose forge can be asked, the one longest not compared first."""
    can_be_asked = Repository.objects.exclude(forge=Repository.Forge.PLAIN)
    can_be_asked = can_be_asked.exclude(credential_kind=Repository.Credential.KEY)
    return list(can_be_asked.order_by(F("resynced_at").asc(nulls_first=True)).values_list("pk", flat=True))


def resync_alone(pk: int) -> None:
    """Resync a repository, unless another worker does so already."""
    idle = Q(resync_lease_until=None) | Q(resync_lease_until__lt=Now())
    row = Repository.objects.filter(pk=pk)
    if not row.filter(idle).update(resync_lease_until=Now() + LEASE):
        return
    try:
        resync(row.get())
    finally:
        row.update(resync_lease_until=None)


def on_repository_connected(event: Event) -> None:
    """Have it asked at once what there is: by a job of its own, for it may take minutes."""
    if event.payload["repository"] in due():
        _wake(event.payload["repository"])


def request_resync(repository: Repository, *, by: User) -> None:
    """Have the forge asked soon what was missed. Raises NotAllowed."""
    permissions.require(by, Action.MANAGE, repository.project)
    audit.record("repository.compared", by=by, project_id=repository.project_id, repository=repository.name)
    _wake(repository.pk)


def _wake(repository_id: int) -> None:
    """Without a broker it comes in a quarter of an hour."""
    job_queue.enqueue("apps.projects.jobs.resync_repository", repository_id)
