"""Making what a forge tells true here: once, whenever and however often it arrives.

A row stands at the forge's own time and only a later word changes it, so deliveries may be lost, doubled
or out of order and every way of hearing of a change (a hook, its replay, a resync) ends the same.
"""

from datetime import UTC, datetime
from typing import Any

from django.db.models import Model

from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.git.forges.types import (
    Change,
    Check,
    Push,
    Request,
    Review,
)
from apps.projects.git.mirror import fetch
from apps.projects.git.sanitize import tidy
from apps.projects.models import CheckRun, Project, PullRequest, Repository

MOST_REVIEWERS = 100
# Of two words of the same second (a forge's clock is no finer) the one further right counts.
STATES: list[str] = [
    PullRequest.State.DRAFT,
    PullRequest.State.OPEN,
    PullRequest.State.CLOSED,
    PullRequest.State.MERGED,
]
REVIEWS: list[str] = [PullRequest.Review.APPROVED, PullRequest.Review.CHANGES, PullRequest.Review.NONE]
REPORTED = {
    PullRequest: [
        *("title", "body", "state", "head_branch", "base_branch", "head_sha", "author", "url", "additions"),
        *("deletions", "reviews", "review", "opened_at", "updated_at", "merged_at"),
    ],
    CheckRun: ["state", "url", "reported_at"],
}
CHECKS: list[str] = [CheckRun.State.PENDING, CheckRun.State.PASSED, CheckRun.State.FAILED]


def apply(repository: Repository, change: Change, *, is_current: bool = False) -> bool:
    """Whether `change` was news. `is_current`: the forge was asked just now, so it also counts in the same second.

    Records `code.request` or `code.checked` when something is seen to change. A push only wants a fetch:
    what was pushed is read from the repository, never believed.
    """
    with locked_for_change(repository.project_id) as project:
        match change:
            case Push():
                fetch.want(repository)
                return True
            case Request():
                return _request(project, repository, change, is_current)
            case Review():
                return _review(project, repository, change, is_current)
            case Check():
                return _check(project, repository, change, is_current)


def _request(project: Project, repository: Repository, reported: Request, is_current: bool) -> bool:
    row = PullRequest.objects.filter(repository=repository, number=reported.number).first()
    if row is None:
        row = PullRequest(repository=repository, number=reported.number)
    was, before = (row.state, _visible_fields(row)) if row.pk else ("", None)
    known = row.pk and (row.updated_at, STATES.index(row.state))
    if not known or _is_newer(known, (reported.updated_at, STATES.index(reported.state)), is_current):
        _copy_fields(row, reported)
    row.author = row.author or tidy(reported.author, 200)  # GitLab says it once, which may come late
    return _save_and_record(project, row, before, was)


def _copy_fields(row: PullRequest, reported: Request) -> None:
    row.title = tidy(reported.title, 300)
    row.body = tidy(reported.body, 20_000, lines=True)
    row.state = reported.state
    row.head_branch, row.base_branch = tidy(reported.head_branch, 255), tidy(reported.base_branch, 255)
    row.head_sha, row.url = tidy(reported.head_sha, 64), web_address(reported.url)
    row.updated_at, row.merged_at = reported.updated_at, reported.merged_at
    row.additions = row.additions if reported.additions is None else reported.additions
    row.deletions = row.deletions if reported.deletions is None else reported.deletions
    row.opened_at = reported.opened_at or row.opened_at


def _review(project: Project, repository: Repository, reported: Review, is_current: bool) -> bool:
    """Of a request that nobody told us of there is nothing to say: its own delivery comes with one."""
    row = PullRequest.objects.filter(repository=repository, number=reported.number).first()
    reviewer = tidy(reported.reviewer, 200)
    if row is None or (reviewer not in row.reviews and len(row.reviews) >= MOST_REVIEWERS):
        return False
    if reviewer in row.reviews:
        state, at = row.reviews[reviewer]
        known = datetime.fromisoformat(at), REVIEWS.index(state)
        if not _is_newer(known, (reported.at, REVIEWS.index(reported.state)), is_current):
            return False
    before = _visible_fields(row)
    row.reviews[reviewer] = [reported.state, reported.at.astimezone(UTC).isoformat()]
    given = {state for state, _ in row.reviews.values()}
    row.review = next((each for each in ("changes", "approved") if each in given), PullRequest.Review.NONE)
    return _save_and_record(project, row, before, row.state)


def _save_and_record(project: Project, row: PullRequest, before: tuple[Any, ...] | None, was: str) -> bool:
    """Save it, and say so if anybody could see a difference."""
    _save(row)  # also where only the time is another
    if _visible_fields(row) == before:
        return False
    about: dict[str, Any] = {"repository": row.repository_id, "request": row.pk, "number": row.number}
    events.record(project, "code.request", by=None, **about, state=row.state, was=was, review=row.review)
    return True


def _visible_fields(row: PullRequest) -> tuple[Any, ...]:
    """All that people or rules go by."""
    words = row.title, row.body, row.author, row.url, row.head_branch, row.base_branch
    return *words, row.head_sha, row.state, row.review, row.additions, row.deletions, row.merged_at


def _check(project: Project, repository: Repository, reported: Check, is_current: bool) -> bool:
    key = {
        "repository": repository,
        "sha": tidy(reported.sha, 64),
        "name": tidy(reported.name, 200),
        "suite": tidy(reported.suite, 20),
    }
    row = CheckRun.objects.filter(**key).first() or CheckRun(**key)
    if row.pk and not _is_newer(
        (row.reported_at, CHECKS.index(row.state)), (reported.at, CHECKS.index(reported.state)), is_current
    ):
        return False
    before = (row.state, row.url) if row.pk else None
    row.state, row.url, row.reported_at = reported.state, web_address(reported.url), reported.at
    _save(row)
    if (row.state, row.url) == before:
        return False
    about: dict[str, Any] = {"repository": repository.pk, "sha": row.sha, "name": row.name, "state": row.state}
    events.record(project, "code.checked", by=None, **about)
    return True


def _save(row: Model) -> None:
    """A new row, or all that a forge tells of one that is there."""
    row.save(update_fields=REPORTED[type(row)] if row.pk else None)


def _is_newer(known: tuple[datetime, int], reported: tuple[datetime, int], is_current: bool) -> bool:
    return reported > known or (is_current and reported[0] >= known[0])


def web_address(given: str) -> str:
    """Links lead to the web and nowhere else."""
    return tidy(given, 500) if given.startswith(("https://", "http://")) else ""
