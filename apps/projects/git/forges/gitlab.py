"""GitLab: its hooks (X-Gitlab-Token, or signed as Standard Webhooks) and its REST API."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from apps import outbound
from apps.projects.git.forges.address import Address
from apps.projects.git.forges.api import Api
from apps.projects.git.forges.payload import (
    from_fork,
    instant,
    needed,
    number,
    part,
    parts,
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

PING = ""  # its tests are deliveries like any other
PUSHES = {"Push Hook", "Tag Push Hook"}
KINDS = PUSHES | {"Merge Request Hook", "Pipeline Hook"}
REVIEWS = {"approved": PullRequest.Review.APPROVED, "requested_changes": PullRequest.Review.CHANGES}
ACTIONS = {
    "approved": PullRequest.Review.APPROVED,
    "approval": PullRequest.Review.APPROVED,
    "unapproved": PullRequest.Review.NONE,
    "unapproval": PullRequest.Review.NONE,
}
PIPELINES = {
    "success": CheckRun.State.PASSED,
    "skipped": CheckRun.State.PASSED,
    "failed": CheckRun.State.FAILED,
    "canceled": CheckRun.State.FAILED,
}


def kind_of(headers: Mapping[str, str]) -> str:
    return headers.get("X-Gitlab-Event", "")


def delivery_id_of(headers: Mapping[str, str]) -> str:
    """Not X-Gitlab-Event-UUID: hooks that one another caused share it."""
    return headers.get("webhook-id") or headers.get("Idempotency-Key") or ""


def verify(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Where it is signed, the signature decides: the token beside it covers nothing."""
    if given := headers.get("webhook-signature"):
        name, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        return webhook_signatures.is_standard(secret, body, name=name, stamp=stamp, given=given)
    return webhook_signatures.same(secret, headers.get("X-Gitlab-Token", ""))


def read(kind: str, payload: dict[str, Any]) -> list[Change]:
    if kind in PUSHES:
        return [Push(text(payload, "ref"))]
    about = part(payload, "object_attributes")
    if kind == "Merge Request Hook":
        return [_request_in_hook(about, payload), *_reviews_in(about, payload)]
    return [pipeline_of(about)] if kind == "Pipeline Hook" else []


def _request_in_hook(about: dict[str, Any], payload: dict[str, Any]) -> Request:
    """Who opened it is only said when it is opened."""
    author = text(part(payload, "user"), "username") if text(about, "action") == "open" else ""
    sha = needed(part(about, "last_commit"), "id")
    owner = text(part(about, "source"), "path_with_namespace").partition("/")[0]
    merged_at = instant(about, "merged_at", "updated_at")
    return _request(about, sha=sha, url=text(about, "url"), author=author, owner=owner, merged_at=merged_at)


def request_of(merge: dict[str, Any]) -> Request:
    """As the API tells it."""
    author = text(part(merge, "author"), "username")
    sha, url, merged_at = needed(merge, "sha"), text(merge, "web_url"), instant(merge, "merged_at", "updated_at")
    return _request(merge, sha=sha, url=url, author=author, owner=author, merged_at=merged_at)


def _request(
    merge: dict[str, Any], *, sha: str, url: str, author: str, owner: str, merged_at: datetime | None
) -> Request:
    is_fork = merge.get("source_project_id") != merge.get("target_project_id")
    is_draft = merge.get("draft") is True or merge.get("work_in_progress") is True
    state = {
        "merged": PullRequest.State.MERGED,
        "closed": PullRequest.State.CLOSED,
    }.get(text(merge, "state"), PullRequest.State.DRAFT if is_draft else PullRequest.State.OPEN)
    return Request(
        number=number(merge, "iid"),
        title=text(merge, "title"),
        body=text(merge, "description"),
        state=state,
        head_branch=from_fork(needed(merge, "source_branch"), owner, is_fork=is_fork),
        base_branch=needed(merge, "target_branch"),
        head_sha=sha,
        url=url,
        updated_at=time(merge, "updated_at"),
        author=author,
        opened_at=instant(merge, "created_at"),
        merged_at=merged_at if state == PullRequest.State.MERGED else None,
    )


def _reviews_in(about: dict[str, Any], payload: dict[str, Any]) -> list[Review]:
    """Where every reviewer stands, if it is told, and what the one has just done who caused the hook."""
    request, at = number(about, "iid"), time(about, "updated_at")
    reviewers = [each for each in parts(payload, "reviewers") if text(each, "state")]  # older ones only name them
    found = {text(each, "username"): REVIEWS.get(text(each, "state")) for each in reviewers}
    if (done := ACTIONS.get(text(about, "action"))) is not None:
        found[text(part(payload, "user"), "username")] = done
    return [Review(request, who, state or PullRequest.Review.NONE, at) for who, state in found.items() if who]


def pipeline_of(pipeline: dict[str, Any]) -> Check:
    """One a source: a push's and a merge request's pipeline of a commit are two checks."""
    state = PIPELINES.get(text(pipeline, "status"), CheckRun.State.PENDING)
    name = f"pipeline/{text(pipeline, 'source') or 'push'}"
    url = text(pipeline, "url") or text(pipeline, "web_url")
    return Check(needed(pipeline, "sha"), name, state, url, time(pipeline, "finished_at", "updated_at", "created_at"))


def _review_state_of(reviewer: dict[str, Any]) -> tuple[str, str]:
    state = REVIEWS.get(text(reviewer, "state"), PullRequest.Review.NONE)
    return needed(part(reviewer, "user"), "username"), state


class Client:
    def __init__(self, address: Address, token: str, *, transport: outbound.Transport | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        base = f"{address.origin}/api/v4/projects/{quote(address.path, safe='')}"
        self.api = Api(base, headers, transport=transport)

    def test(self) -> str:
        """The default branch, when the repository can be read."""
        return text(self.api.get(""), "default_branch")

    def open_requests(self) -> Iterator[Request]:
        return self.api.pages("/merge_requests", request_of, state="opened")

    def changed_requests(self, since: datetime) -> Iterator[Request]:
        return self.api.pages("/merge_requests", request_of, state="all", updated_after=since.isoformat())

    def request(self, number: int) -> Request:
        return request_of(self.api.get(f"/merge_requests/{number}"))

    def reviews(self, number: int) -> list[Review]:
        """Its reviewers stand where they stand now, and so does who approved without being one."""
        at = self.request(number).updated_at
        found = dict(self.api.pages(f"/merge_requests/{number}/reviewers", _review_state_of))
        for each in parts(self.api.get(f"/merge_requests/{number}/approvals"), "approved_by"):
            found[text(part(each, "user"), "username")] = PullRequest.Review.APPROVED
        return [Review(number, who, state, at) for who, state in found.items() if who]

    def checks(self, sha: str) -> list[Check]:
        newest: dict[str, Check] = {}
        for check in self.api.pages("/pipelines", pipeline_of, sha=sha, order_by="id", sort="desc"):
            newest.setdefault(check.name, check)
        return list(newest.values())

    def merge(self, number: int, *, sha: str) -> None:
        """Only while its head is still `sha`: what somebody looked at is what is merged."""
        self.api.put(f"/merge_requests/{number}/merge", {"sha": sha})
