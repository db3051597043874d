"""A small forge in the shapes of three: what happens in it makes signed deliveries, and its API tells how it stands.

`deliveries` holds what it would send, in order; `journal` what its API was asked. The shapes are written after
the public documentation of GitHub, GitLab and Gitea/Forgejo.
"""

import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import unquote

import httpx
from django.utils import timezone


@dataclass
class Pull:
    number: int
    title: str
    head: str
    sha: str
    opened: datetime
    updated: datetime
    is_draft: bool = False
    state: str = "open"
    merged: datetime | None = None
    body: str = ""
    reviews: list[tuple[str, str, datetime]] = field(default_factory=list)  # approved, changes or none


@dataclass
class Delivery:
    headers: dict[str, str]
    body: bytes


class FakeForge:
    kind = ""
    host = "git.example"

    def __init__(self, secret: str, token: str = "forge-token") -> None:
        self.secret, self.token = secret, token
        self.clock = timezone.now().replace(microsecond=0)
        self.pulls: dict[int, Pull] = {}
        self.checks: dict[tuple[str, str], tuple[str, datetime]] = {}
        self.deliveries: list[Delivery] = []
        self.journal: list[str] = []

    # What happens in it

    def tick(self) -> datetime:
        self.clock += timedelta(seconds=7)
        return self.clock

    def opens(self, number: int, *, draft: bool = False, head: str = "") -> Pull:
        at = self.tick()
        head = head or f"branch-{number}"
        pull = Pull(number, f"Change {number}", head, digest(f"{number}.0"), at, at, is_draft=draft)
        self.pulls[number] = pull
        self.tell(pull, "opened")
        return pull

    def changes(self, number: int, action: str, **to: object) -> Pull:
        pull = self.pulls[number]
        pull.updated = self.tick()
        for name, value in to.items():
            setattr(pull, name, value)
        self.tell(pull, action)
        return pull

    def readies(self, number: int) -> Pull:
        return self.changes(number, "ready", is_draft=False)

    def pushes(self, number: int) -> Pull:
        return self.changes(number, "pushed", sha=digest(f"{number}.{self.clock}"))

    def renames(self, number: int, title: str) -> Pull:
        return self.changes(number, "edited", title=title)

    def closes(self, number: int) -> Pull:
        return self.changes(number, "closed", state="closed")

    def reopens(self, number: int) -> Pull:
        return self.changes(number, "reopened", state="open")

    def merges(self, number: int) -> Pull:
        return self.changes(number, "merged", state="merged", merged=self.clock + timedelta(seconds=7))

    def reviews(self, number: int, who: str, state: str) -> Pull:
        pull = self.pulls[number]
        pull.updated = self.tick()
        pull.reviews = [*pull.reviews, (who, state, pull.updated)]
        self.tell_review(pull, who, state)
        return pull

    def says(self, sha: str, name: str, state: str) -> None:
        """A check of `sha`: pending, passed or failed."""
        at = self.tick()
        self.checks[sha, name] = state, at
        self.tell_check(sha, name, state, at)

    def push(self, ref: str = "refs/heads/main") -> None:
        self.send("push", {"ref": ref, "before": digest("before"), "after": digest(str(self.tick())), "commits": []})

    # How it tells

    def send(self, kind: str, payload: dict) -> None:
        body = json.dumps({**payload, "sender": {"login": "ana", "email": "ana@example.org"}}).encode()
        self.deliveries.append(Delivery(self.signed(kind, body, self.secret), body))

    def signed(self, kind: str, body: bytes, secret: str) -> dict[str, str]:
        raise NotImplementedError

    # How it answers

    def transport(self) -> httpx.AsyncBaseTransport:
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        path, query = unquote(request.url.path), dict(request.url.params)
        self.journal.append(f"{request.method} {path}")
        if self.token not in request.headers.get("Authorization", ""):
            return httpx.Response(401, json={"message": "Bad credentials"})
        try:
            found = self.found(path.removeprefix(self.root), query, request)
        except KeyError:
            found = None
        if found is None:
            return httpx.Response(404, json={"message": "Not Found"})
        return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)

    def paged(self, rows: list, query: dict[str, str], size: str = "per_page") -> list:
        count, page = int(query[size]), int(query["page"])
        return rows[(page - 1) * count : page * count]

    def listed(self, query: dict[str, str]) -> list[Pull]:
        state = {"opened": "open"}.get(query["state"], query["state"])
        found = [pull for pull in self.pulls.values() if state in ("all", pull.state)]
        return sorted(found, key=lambda pull: pull.updated, reverse=True)

    def merge_asked(self, number: int, sha: str) -> httpx.Response:
        if self.pulls[number].sha != sha:
            return httpx.Response(409, json={"message": "Head branch was modified. Review and try the merge again."})
        self.merges(number)
        return httpx.Response(200, json={"merged": True})


class FakeGitHub(FakeForge):
    kind = "github"
    host = "github.com"
    root = "/repos/team/ship"
    review_words = {"approved": "approved", "changes": "changes_requested", "none": "dismissed"}
    actions = {"ready": "ready_for_review", "pushed": "synchronize", "merged": "closed"}

    def signed(self, kind: str, body: bytes, secret: str) -> dict[str, str]:
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return {
            "X-GitHub-Event": kind,
            "X-GitHub-Delivery": str(uuid.uuid4()),
            "X-Hub-Signature-256": f"sha256={signature}",
        }

    def shape(self, pull: Pull, *, whole: bool) -> dict:
        sizes = {"additions": 10 + pull.number, "deletions": pull.number, "merged": pull.state == "merged"}
        return {
            "number": pull.number,
            "html_url": f"https://{self.host}/team/ship/pull/{pull.number}",
            "state": "open" if pull.state == "open" else "closed",
            "draft": pull.is_draft,
            "title": pull.title,
            "body": pull.body,
            "user": {"login": "ana", "id": 7},
            "head": {"ref": pull.head, "sha": pull.sha, "user": {"login": "team"}, "repo": {"id": 1}},
            "base": {"ref": "main", "sha": digest("main"), "user": {"login": "team"}, "repo": {"id": 1}},
            "created_at": stamp(pull.opened),
            "updated_at": stamp(pull.updated),
            "merged_at": stamp(pull.merged) if pull.merged else None,
            **(sizes if whole else {}),
        }

    def tell(self, pull: Pull, action: str) -> None:
        action = self.actions.get(action, action)
        self.send(
            "pull_request", {"action": action, "number": pull.number, "pull_request": self.shape(pull, whole=True)}
        )

    def review_shape(self, who: str, state: str, at: datetime) -> dict:
        return {"user": {"login": who}, "state": self.review_words[state], "submitted_at": stamp(at), "body": ""}

    def tell_review(self, pull: Pull, who: str, state: str) -> None:
        about = {"pull_request": self.shape(pull, whole=False), "review": self.review_shape(who, state, pull.updated)}
        self.send("pull_request_review", {"action": "dismissed" if state == "none" else "submitted", **about})

    def check_shape(self, sha: str, name: str, state: str, at: datetime) -> dict:
        is_over = state != "pending"
        return {
            "name": name,
            "head_sha": sha,
            "status": "completed" if is_over else "in_progress",
            "conclusion": {"passed": "success", "failed": "failure"}.get(state),
            "started_at": stamp(at),
            "completed_at": stamp(at) if is_over else None,
            "html_url": f"https://{self.host}/team/ship/runs/{name}",
        }

    def tell_check(self, sha: str, name: str, state: str, at: datetime) -> None:
        action = "created" if state == "pending" else "completed"
        self.send("check_run", {"action": action, "check_run": self.check_shape(sha, name, state, at)})

    def found(self, path: str, query: dict[str, str], request: httpx.Request) -> object:
        match path.strip("/").split("/"):
            case [""]:
                return {"default_branch": "main", "full_name": "team/ship"}
            case ["pulls"]:
                return self.paged([self.shape(pull, whole=False) for pull in self.listed(query)], query)
            case ["pulls", number]:
                return self.shape(self.pulls[int(number)], whole=True)
            case ["pulls", number, "reviews"]:
                return self.paged([self.review_shape(*each) for each in self.pulls[int(number)].reviews], query)
            case ["pulls", number, "merge"]:
                return self.merge_asked(int(number), json.loads(request.content)["sha"])
            case ["commits", sha, "check-runs"]:
                of_sha = [(name, *said) for (of, name), said in self.checks.items() if of == sha]
                return {"check_runs": self.paged([self.check_shape(sha, *each) for each in of_sha], query)}
            case ["commits", _sha, "status"]:
                return {"statuses": []}
        return None


class FakeGitLab(FakeForge):
    kind = "gitlab"
    root = "/api/v4/projects/team/ship"
    review_words = {"approved": "approved", "changes": "requested_changes", "none": "unreviewed"}
    actions = {"opened": "open", "closed": "close", "reopened": "reopen", "merged": "merge"}
    pipelines = {"pending": "running", "passed": "success", "failed": "failed"}

    def signed(self, kind: str, body: bytes, secret: str) -> dict[str, str]:
        name = {"push": "Push Hook"}.get(kind, kind)
        return {"X-Gitlab-Event": name, "X-Gitlab-Token": secret, "Idempotency-Key": str(uuid.uuid4())}

    def common(self, pull: Pull) -> dict:
        return {
            "iid": pull.number,
            "title": pull.title,
            "description": pull.body,
            "source_branch": pull.head,
            "target_branch": "main",
            "source_project_id": 14,
            "target_project_id": 14,
            "state": {"open": "opened"}.get(pull.state, pull.state),
            "draft": pull.is_draft,
        }

    def shape(self, pull: Pull) -> dict:
        return self.common(pull) | {
            "sha": pull.sha,
            "author": {"username": "ana"},
            "web_url": f"https://{self.host}/team/ship/-/merge_requests/{pull.number}",
            "created_at": stamp(pull.opened),
            "updated_at": stamp(pull.updated),
            "merged_at": stamp(pull.merged) if pull.merged else None,
        }

    def standing(self, pull: Pull) -> dict[str, str]:
        return {who: self.review_words[state] for who, state, _ in pull.reviews}

    def tell(self, pull: Pull, action: str, who: str = "ana") -> None:
        about = self.common(pull) | {
            "action": self.actions.get(action, "update" if action in ("ready", "pushed", "edited") else action),
            "url": f"https://{self.host}/team/ship/-/merge_requests/{pull.number}",
            "created_at": f"{pull.opened:%Y-%m-%d %H:%M:%S} UTC",
            "updated_at": f"{pull.updated:%Y-%m-%d %H:%M:%S} UTC",
            "last_commit": {"id": pull.sha, "author": {"name": "Ana", "email": "ana@example.org"}},
            "source": {"path_with_namespace": "team/ship"},
        }
        reviewers = [{"username": name, "state": state} for name, state in self.standing(pull).items()]
        user = {"username": who, "email": "ana@example.org"}
        self.send("Merge Request Hook", {"user": user, "object_attributes": about, "reviewers": reviewers})

    def tell_review(self, pull: Pull, who: str, state: str) -> None:
        self.tell(pull, {"approved": "approved", "none": "unapproved", "changes": "update"}[state], who)

    def tell_check(self, sha: str, name: str, state: str, at: datetime) -> None:
        about = {"sha": sha, "source": name, "status": self.pipelines[state], "url": "https://git.example/pipelines/1"}
        times = {"created_at": f"{at:%Y-%m-%d %H:%M:%S} UTC", "finished_at": None}
        self.send("Pipeline Hook", {"object_attributes": about | times})

    def found(self, path: str, query: dict[str, str], request: httpx.Request) -> object:
        match path.strip("/").split("/"):
            case [""]:
                return {"default_branch": "main", "path_with_namespace": "team/ship"}
            case ["merge_requests"]:
                since = datetime.fromisoformat(query.get("updated_after", "2000-01-01T00:00:00+00:00"))
                rows = [self.shape(pull) for pull in self.listed(query) if pull.updated >= since]
                return self.paged(rows, query)
            case ["merge_requests", number]:
                return self.shape(self.pulls[int(number)])
            case ["merge_requests", number, "reviewers"]:
                standing = self.standing(self.pulls[int(number)])
                return self.paged(
                    [{"user": {"username": who}, "state": state} for who, state in standing.items()], query
                )
            case ["merge_requests", number, "approvals"]:
                standing = self.standing(self.pulls[int(number)]).items()
                return {"approved_by": [{"user": {"username": who}} for who, state in standing if state == "approved"]}
            case ["merge_requests", number, "merge"]:
                return self.merge_asked(int(number), json.loads(request.content)["sha"])
            case ["pipelines"]:
                of_sha = [(name, *said) for (of, name), said in self.checks.items() if of == query["sha"]]
                rows = [
                    {
                        "sha": query["sha"],
                        "source": name,
                        "status": self.pipelines[state],
                        "updated_at": stamp(at),
                        "web_url": "https://git.example/pipelines/1",
                    }
                    for name, state, at in of_sha
                ]
                return self.paged(rows, query)
        return None


class FakeGitea(FakeGitHub):
    kind = "gitea"
    host = "git.example"
    root = "/api/v1/repos/team/ship"
    review_words = {"approved": "APPROVED", "changes": "REQUEST_CHANGES", "none": "APPROVED"}
    hooks = {"approved": "pull_request_approved", "changes": "pull_request_rejected"}
    status_words = {"pending": "pending", "passed": "success", "failed": "failure"}
    actions = {"ready": "edited", "pushed": "synchronized", "merged": "closed"}
    name = "Gitea"

    def signed(self, kind: str, body: bytes, secret: str) -> dict[str, str]:
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return {
            f"X-{self.name}-Event": kind,
            f"X-{self.name}-Delivery": str(uuid.uuid4()),
            f"X-{self.name}-Signature": signature,
        }

    def shape(self, pull: Pull, *, whole: bool) -> dict:
        return super().shape(pull, whole=True)

    def tell_review(self, pull: Pull, who: str, state: str) -> None:
        about = {"action": "reviewed", "number": pull.number, "pull_request": self.shape(pull, whole=True)}
        body = json.dumps({**about, "sender": {"login": who}}).encode()
        self.deliveries.append(Delivery(self.signed(self.hooks[state], body, self.secret), body))

    def review_shape(self, who: str, state: str, at: datetime) -> dict:
        return super().review_shape(who, state, at) | {"dismissed": state == "none"}

    def check_shape(self, sha: str, name: str, state: str, at: datetime) -> dict:
        urls = {"target_url": "https://ci.example/1"}
        return {"context": name, "status": self.status_words[state], "updated_at": stamp(at), **urls}

    def tell_check(self, sha: str, name: str, state: str, at: datetime) -> None:
        said = {"context": name, "sha": sha, "state": self.status_words[state], "updated_at": stamp(at)}
        self.send("status", said | {"target_url": "https://ci.example/1"})

    def paged(self, rows: list, query: dict[str, str], size: str = "limit") -> list:
        return super().paged(rows, query, size)

    def found(self, path: str, query: dict[str, str], request: httpx.Request) -> object:
        match path.strip("/").split("/"):
            case ["pulls", number, "merge"]:
                return self.merge_asked(int(number), json.loads(request.content)["head_commit_id"])
            case ["commits", sha, "statuses"]:
                of_sha = [(name, *said) for (of, name), said in self.checks.items() if of == sha]
                return self.paged([self.check_shape(sha, *each) for each in of_sha], query)
        return super().found(path, query, request)


class FakeForgejo(FakeGitea):
    name = "Forgejo"


FORGES = [FakeGitHub, FakeGitLab, FakeGitea, FakeForgejo]


def digest(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
