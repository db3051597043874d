"""GitHub and GitHub Enterprise: its hooks (X-Hub-Signature-256) and its REST API."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import takewhile
from typing import Any

from apps import outbound
from apps.projects.git.forges.address import Address
from apps.projects.git.forges.api import Api
from apps.projects.git.forges.payload import (
    count,
    from_fork,
    instant,
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

PING = "ping"
KINDS = {"push", "create", "delete", "pull_request", "pull_request_review", "check_run", "status"}
REVIEWS = {
    "approved": PullRequest.Review.APPROVED,
    "changes_requested": PullRequest.Review.CHANGES,
    "dismissed": PullRequest.Review.NONE,
}
PASSED = {"success", "neutral", "skipped"}
STATUSES = {"pending": CheckRun.State.PENDING, "success": CheckRun.State.PASSED}


def kind_of(headers: Mapping[str, str]) -> str:
    return headers.get("X-GitHub-Event", "")


def delivery_id_of(headers: Mapping[str, str]) -> str:
    return headers.get("X-GitHub-Delivery", "")


def verify(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    given = headers.get("X-Hub-Signature-256", "")
    return given.startswith("sha256=") and webhook_signatures.is_hex(secret, body, given.removeprefix("sha256="))


def read(kind: str, payload: dict[str, Any]) -> list[Change]:
    if kind in ("push", "create", "delete"):
        return [Push(text(payload, "ref"))]
    if kind == "pull_request":
        return [request_of(part(payload, "pull_request"))]
    if kind == "pull_request_review":
        return [request_of(part(payload, "pull_request")), *_reviews_in(payload)]
    if kind == "check_run":
        return [check_of(part(payload, "check_run"))]
    return [status_of(needed(payload, "sha"), payload)] if kind == "status" else []


def request_of(pull: dict[str, Any]) -> Request:
    head, base = part(pull, "head"), part(pull, "base")
    is_fork = part(head, "repo").get("id") != part(base, "repo").get("id")
    merged_at = instant(pull, "merged_at")
    if merged_at or text(pull, "state") == "closed":
        state = PullRequest.State.MERGED if merged_at else PullRequest.State.CLOSED
    else:
        state = PullRequest.State.DRAFT if pull.get("draft") is True else PullRequest.State.OPEN
    return Request(
        number=number(pull, "number"),
        title=text(pull, "title"),
        body=text(pull, "body"),
        state=state,
        head_branch=from_fork(needed(head, "ref"), text(part(head, "user"), "login"), is_fork=is_fork),
        base_branch=needed(base, "ref"),
        head_sha=needed(head, "sha"),
        url=text(pull, "html_url"),
        updated_at=time(pull, "updated_at"),
        author=text(part(pull, "user"), "login"),
        additions=count(pull, "additions"),
        deletions=count(pull, "deletions"),
        opened_at=instant(pull, "created_at"),
        merged_at=merged_at,
    )


def _reviews_in(payload: dict[str, Any]) -> list[Review]:
    """Taking a review back has no time of its own: it is the request's."""
    pull, review = part(payload, "pull_request"), part(payload, "review")
    taken_back = text(payload, "action") == "dismissed"
    found = review_of(number(pull, "number"), review, instant(pull, "updated_at") if taken_back else None)
    return [found] if found else []


def review_of(request: int, review: dict[str, Any], at: datetime | None = None) -> Review | None:
    """None for a comment or an unfinished one, which decide nothing."""
    state = REVIEWS.get(text(review, "state").lower())
    if state is None:
        return None
    return Review(request, needed(part(review, "user"), "login"), state, at or time(review, "submitted_at"))


def check_of(run: dict[str, Any]) -> Check:
    if text(run, "status") != "completed":
        state = CheckRun.State.PENDING
    else:
        state = CheckRun.State.PASSED if text(run, "conclusion") in PASSED else CheckRun.State.FAILED
    at = time(run, "completed_at", "started_at")
    suite = part(run, "check_suite").get("id")
    which = str(suite) if isinstance(suite, int) else ""
    return Check(needed(run, "head_sha"), needed(run, "name"), state, text(run, "html_url"), at, which)


def status_of(sha: str, status: dict[str, Any]) -> Check:
    """A commit's status: "error" and "failure" are both failed."""
    state = STATUSES.get(text(status, "state"), CheckRun.State.FAILED)
    at = time(status, "updated_at", "created_at")
    return Check(sha, needed(status, "context"), state, text(status, "target_url"), at)


class Client:
    def __init__(self, address: Address, token: str, *, transport: outbound.Transport | None = None) -> None:
        base = "https://api.github.com" if address.host == "github.com" else f"{address.origin}/api/v3"
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.api = Api(f"{base}/repos/{address.quoted}", headers, transport=transport)

    def test(self) -> str:
        """The default branch, when the repository can be read."""
        return text(self.api.get(""), "default_branch")

    def open_requests(self) -> Iterator[Request]:
        return self.api.pages("/pulls", request_of, state="open")

    def changed_requests(self, since: datetime) -> Iterator[Request]:
        newest_first = self.api.pages("/pulls", request_of, state="all", sort="updated", direction="desc")
        return takewhile(lambda request: request.updated_at >= since, newest_first)

    def request(self, number: int) -> Request:
        return request_of(self.api.get(f"/pulls/{number}"))

    def reviews(self, number: int) -> list[Review]:
        return list(self.api.pages(f"/pulls/{number}/reviews", partial(review_of, number)))

    def checks(self, sha: str) -> list[Check]:
        runs = self.api.pages(f"/commits/{sha}/check-runs", check_of, inside="check_runs")
        statuses = self.api.pages(f"/commits/{sha}/status", partial(status_of, sha), inside="statuses")
        return [*runs, *statuses]

    def merge(self, number: int, *, sha: str) -> None:
        """Only while its head is still `sha`: what somebody looked at is what is merged."""
        self.api.put(f"/pulls/{number}/merge", {"sha": sha})
