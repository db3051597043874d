"""What a forge tells, in one language for all of them. Its texts are untrusted; whoever stores them bounds them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Push:
    """Branches or tags have moved. Which and where to is read from the repository itself."""

    ref: str


@dataclass(frozen=True)
class Request:
    """A pull or merge request as it stood at `updated_at`, the forge's own time. None, or no author: not told."""

    number: int
    title: str
    body: str
    state: str  # one of PullRequest.State
    head_branch: str  # from a fork with its owner before it: "ana:fix", which no branch of ours is called
    base_branch: str
    head_sha: str
    url: str
    updated_at: datetime
    author: str = ""
    additions: int | None = None
    deletions: int | None = None
    opened_at: datetime | None = None
    merged_at: datetime | None = None


@dataclass(frozen=True)
class Review:
    """What one reviewer thinks of a request since `at`; `none` takes back what they had said."""

    number: int
    reviewer: str
    state: str  # one of PullRequest.Review
    at: datetime


@dataclass(frozen=True)
class Check:
    """What one check says about one commit since `at`. Of two with one name `suite` tells which it is."""

    sha: str
    name: str
    state: str  # one of CheckRun.State
    url: str
    at: datetime
    suite: str = ""


Change = Push | Request | Review | Check
