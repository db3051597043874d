"""Gitea and Forgejo: their hooks (a bare hex signature) and their API, which speaks almost as GitHub's does."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import takewhile
from typing import Any

from apps import outbound
from apps.projects.git.forges import github
from apps.projects.git.forges.address import Address
from apps.projects.git.forges.api import Api
from apps.projects.git.forges.payload import (
    needed,
    number,
    part,
    text,
    time,
)
from apps.projects.git.forges.types import (
    Change,
    Check,
    Push,
    Request,
    Review,
)
from apps.projects.models import CheckRun, PullRequest
from apps.rest import webhook_signatures

PING = ""  # its tests are pushes
PUSHES = {"push", "create", "delete"}
REVIEWS = {
    "pull_request_approved": PullRequest.Review.APPROVED,
    "pull_request_rejected": PullRequest.Review.CHANGES,
}
KINDS = PUSHES | {"pull_request", "status", *REVIEWS}
STATES = {
    "APPROVED": PullRequest.Review.APPROVED,
    "REQUEST_CHANGES": PullRequest.Review.CHANGES,
}
STATUSES = {
    "pending": CheckRun.State.PENDING,
    "success": CheckRun.State.PASSED,
    "skipped": CheckRun.State.PASSED,
    "warning": CheckRun.State.PASSED,
}
DRAFT = re.compile(r"\s*(\[wip\]|wip:)", re.IGNORECASE)  # before there was a field for it


def kind_of(headers: Mapping[str, str]) -> str:
    return headers.get("X-Forgejo-Event") or headers.get("X-Gitea-Event") or ""


def delivery_id_of(headers: Mapping[str, str]) -> str:
    return headers.get("X-Forgejo-Delivery") or headers.get("X-Gitea-Delivery") or ""


def verify(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Forgejo sends both; a wrong one of its own is not made good by the other."""
    given = headers.get("X-Forgejo-Signature") or headers.get("X-Gitea-Signature") or ""
    return webhook_signatures.is_hex(secret, body, given)


def read(kind: str, payload: dict[str, Any]) -> list[Change]:
    if kind in PUSHES:
        return [Push(text(payload, "ref"))]
    if kind == "status":
        return [status_of(needed(payload, "sha"), payload)]
    pull = part(payload, "pull_request")
    if kind in REVIEWS:
        reviewer = needed(part(payload, "sender"), "login")
        return [request_of(pull), Review(number(pull, "number"), reviewer, REVIEWS[kind], time(pull, "updated_at"))]
    return [request_of(pull)] if kind == "pull_request" else []


def request_of(pull: dict[str, Any]) -> Request:
    found = github.request_of(pull)
    if found.state == PullRequest.State.OPEN and DRAFT.match(found.title):
        return replace(found, state=PullRequest.State.DRAFT)
    return found


def review_of(request: int, review: dict[str, Any]) -> Review | None:
    """None for what decides nothing, such as a comment or a request to review."""
    state = STATES.get(text(review, "state"))
    if state is None:
        return None
    if review.get("dismissed") is True:
        state = PullRequest.Review.NONE
    return Review(request, needed(part(review, "user"), "login"), state, time(review, "updated_at", "submitted_at"))


def status_of(sha: str, status: dict[str, Any]) -> Check:
    """The API calls the state `status`, the hook `state`."""
    state = STATUSES.get(text(status, "state") or text(status, "status"), CheckRun.State.FAILED)
    at = time(status, "updated_at", "created_at")
    return Check(sha, needed(status, "context"), state, text(status, "target_url"), at)


class Client:
    def __init__(self, address: Address, token: str, *, transport: outbound.Transport | None = None) -> None:
        headers = {"Authorization": f"token {token}"} if token else {}
        self.api = Api(f"{address.origin}/api/v1/repos/{address.quoted}", headers, transport=transport)

    def test(self) -> str:
        """The default branch, when the repository can be read."""
        return text(self.api.get(""), "default_branch")

    def open_requests(self) -> Iterator[Request]:
        return self.api.pages("/pulls", request_of, size="limit", state="open")

    def changed_requests(self, since: datetime) -> Iterator[Request]:
        newest_first = self.api.pages("/pulls", request_of, size="limit", state="all", sort="recentupdate")
        return takewhile(lambda request: request.updated_at >= since, newest_first)

    def request(self, number: int) -> Request:
        return request_of(self.api.get(f"/pulls/{number}"))

    def reviews(self, number: int) -> list[Review]:
        return list(self.api.pages(f"/pulls/{number}/reviews", partial(review_of, number), size="limit"))

    def checks(self, sha: str) -> list[Check]:
        """The newest of each name; the list has all that were ever said."""
        newest: dict[str, Check] = {}
        for check in self.api.pages(
            f"/commits/{sha}/statuses", partial(status_of, sha), size="limit", sort="recentupdate"
        ):
            newest.setdefault(check.name, check)
        return list(newest.values())

    def merge(self, number: int, *, sha: str) -> None:
        """Only while its head is still `sha`: what somebody looked at is what is merged."""
        self.api.put(f"/pulls/{number}/merge", {"Do": "merge", "head_commit_id": sha}, method="POST")
