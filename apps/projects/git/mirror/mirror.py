"""The bare copy of a repository on our disk, and the rows that are read from it.

Rows follow the mirror: a fetch reads only what is new since the heads that the rows name, so it may
be repeated, and what was missed once is found the next time.
"""

import hashlib
import logging
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from itertools import batched
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.git.mirror import damage, git_cli
from apps.projects.git.mirror.errors import GitFailed
from apps.projects.git.repositories import credentials
from apps.projects.git.sanitize import tidy
from apps.projects.models import Branch, Commit, Repository

log = logging.getLogger(__name__)
FIRST_SECONDS = 600
MOST_REFS = 10_000
MOST_COMMITS = 50_000  # of the first import: the newest; the mirror has them all
MOST_NEW_COMMITS = 2000  # new commits of one push that are told, so many at a time
SHAS_IN_EVENT = 100
LONGEST_MESSAGE = 10_000
HEADS, TAGS = "refs/heads/", "refs/tags/"
RECORD = "--format=%H%n%ct%n%an%n%ae%n%B"
FETCH = (
    "--quiet",
    "--force",
    "--no-tags",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--no-recurse-submodules",
)

type Heads = dict[str, tuple[str, datetime]]  # branch: its head, and when that was committed


def folder_of(repository: Repository) -> Path:
    return settings.GIT_FOLDER / f"{repository.uid}.git"


def exists(repository: Repository) -> bool:
    """Whether this machine has the mirror; another may have it when the folder is not shared."""
    return repository.fetched_at is not None and (folder_of(repository) / "HEAD").exists()


def forget(repository: Repository) -> None:
    shutil.rmtree(folder_of(repository), ignore_errors=True)


def fetch(repository: Repository) -> bool:
    """Bring mirror and rows up to date with the server; whether anything had changed. Raises GitFailed.

    A mirror that was damaged on our disk is forgotten and made anew. What is too large leaves nothing behind on the
    disk.
    """
    folder = folder_of(repository)
    if folder.exists() and not damage.is_repository(folder):
        _forget_damaged(repository)
    try:
        return _fetch(repository, folder)
    except GitFailed as failure:
        is_damaged = failure.code == "damaged"
        if not is_damaged and (failure.code != "broken" or not folder.exists() or damage.is_whole(folder)):
            raise
    _forget_damaged(repository)
    return _fetch(repository, folder)


def _forget_damaged(repository: Repository) -> None:
    log.warning("A mirror is damaged and made anew", extra={"repository": repository.pk})
    forget(repository)


def _fetch(repository: Repository, folder: Path) -> bool:
    is_new = not folder.exists()
    if is_new:
        _prepare(folder)
    with credentials.access_to(repository) as way:
        told = _listed(repository, folder, way)
        if not is_new and not repository.fingerprint and not damage.is_whole(folder):
            raise GitFailed("damaged")
        fingerprint = hashlib.sha256(told).hexdigest()
        if not is_new and fingerprint == repository.fingerprint and damage.has_refs(folder, told):
            if not damage.has_heads(folder):
                raise GitFailed("damaged")
            return False
        _store_default(repository, default_of(told))
        _download(repository, folder, way, is_new=is_new)
    if not damage.has_heads(folder):
        raise GitFailed("damaged")
    read(repository, default=default_of(told))
    repository.fingerprint = fingerprint
    return True


def try_fetch(repository: Repository, *, seconds: float) -> bytes:
    """Do what the first fetch does, with one commit, in a folder that goes away; what the server lists.

    `seconds` are for all of it; that a large commit wants longer is no failure. Raises GitFailed.
    """
    deadline = time.monotonic() + seconds
    settings.GIT_FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="test-", dir=settings.GIT_FOLDER) as name:
        folder = Path(name)
        _prepare(folder)
        with credentials.access_to(repository) as way:
            told = _listed(repository, folder, way, seconds=seconds)
            if ref := _a_branch(told):
                _try_download(repository, folder, way, ref, seconds=max(1, deadline - time.monotonic()))
    return told


def _listed(repository: Repository, folder: Path, way: git_cli.Access, seconds: float = git_cli.SECONDS) -> bytes:
    asked = (repository.url, "HEAD", f"{HEADS}*", f"{TAGS}*")
    told = git_cli.run("ls-remote", "--symref", names=asked, folder=folder, way=way, seconds=seconds)
    if too_many(told):
        raise GitFailed("too_many_refs", most=MOST_REFS)
    return told


def _a_branch(told: bytes) -> str:
    """A branch of those that the server lists, the default one if it says which; empty when there is none."""
    refs = [line.rpartition("\t")[2] for line in told.decode(errors="replace").splitlines()]
    branches = [ref for ref in refs if ref.startswith(HEADS)]
    default = f"{HEADS}{default_of(told)}"
    return default if default in branches else next(iter(branches), "")


def _try_download(repository: Repository, folder: Path, way: git_cli.Access, ref: str, seconds: float) -> None:
    few = ("--depth=1", "--filter=tree:0")  # a server that can't leave the files out sends those of one commit
    try:
        git_cli.run(
            "fetch",
            *FETCH,
            *few,
            names=(repository.url, f"+{ref}:{ref}"),
            folder=folder,
            way=way,
            seconds=seconds,
            largest=git_cli.LARGEST_MIRROR,
        )
    except GitFailed as failure:
        if failure.code != "timed_out":
            raise


def too_many(told: bytes) -> bool:
    return told.count(b"\n") > MOST_REFS


def default_of(told: bytes) -> str:
    """The branch that HEAD stands for in what `ls-remote --symref` said; empty when it says none."""
    first = told.partition(b"\n")[0].decode(errors="replace")
    if not first.startswith(f"ref: {HEADS}"):
        return ""
    return first.removeprefix(f"ref: {HEADS}").partition("\t")[0][:255]


def _prepare(folder: Path) -> None:
    """Make the mirror's folder: an empty repository that has no hooks and no template in it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    git_cli.run("init", "--bare", "--quiet", "--template=", "--initial-branch=main", folder=folder)


def _store_default(repository: Repository, default: str) -> None:
    """What is merged counts as merged even while, or if ever, the branches themselves cannot be had."""
    if default and not repository.default_branch:
        repository.default_branch = default
        Repository.objects.filter(pk=repository.pk, url=repository.url).update(default_branch=default)


def _download(repository: Repository, folder: Path, way: git_cli.Access, *, is_new: bool) -> None:
    is_first = is_new or repository.fetched_at is None
    try:
        git_cli.run(
            "fetch",
            *FETCH,
            "--prune",
            names=(repository.url, f"+{HEADS}*:{HEADS}*", f"+{TAGS}*:{TAGS}*"),
            folder=folder,
            way=way,
            seconds=FIRST_SECONDS if is_first else git_cli.SECONDS,
            largest=git_cli.LARGEST_MIRROR,
        )
    except GitFailed:
        _sweep(folder)
        if is_first:
            forget(repository)
        raise
    with suppress(GitFailed):  # the next fetch tries again
        git_cli.run("gc", "--auto", "--quiet", folder=folder)
    repository.size_bytes = git_cli.size_of(folder)


def _sweep(folder: Path) -> None:
    """Take away what a download that was stopped has left half done."""
    for left in folder.glob("objects/pack/tmp_*"):
        left.unlink(missing_ok=True)
    for left in folder.glob("objects/tmp_objdir-*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in folder.rglob("*.lock"):
        left.unlink(missing_ok=True)


def read(repository: Repository, *, default: str) -> None:
    """Bring the rows up to date with the mirror, and log `code.pushed` for each branch that moved.

    Of the default branch all commits that it came to have are told, also those that stood on another before.
    `default` is what the server calls the default branch, empty when it says nothing. The first reading
    names no commits: what was written before the board knew the repository must not act. Raises GitFailed.
    """
    folder = folder_of(repository)
    known = {branch.name: branch for branch in repository.branches.all()}
    heads = heads_in(folder)
    default = default or next((name for name in ("main", "master") if name in heads), "")
    old = sorted({branch.head for branch in known.values()})
    _store_commits(repository, folder, [head for head, _at in heads.values()], old)
    moved = sorted(name for name, (head, _at) in heads.items() if name not in known or known[name].head != head)
    counts_anew = default in moved or default != repository.default_branch
    base = heads[default][0] if default in heads else None
    rows = [_row(repository, name, heads[name], base) for name in (heads if counts_anew else moved)]
    is_first = repository.fetched_at is None
    stood = {name: [known[name].head] if name == default and name in known else old for name in moved}
    new = {name: [] if is_first else _new_commits(folder, heads[name][0], stood[name]) for name in moved}
    with locked_for_change(repository.project_id) as project:
        _store_branches(repository, rows, keeping=heads)
        pushed = partial(events.record, project, "code.pushed", by=None, repository=repository.pk)
        for name in moved:
            for shas in batched(new[name], SHAS_IN_EVENT) if new[name] else [()]:
                pushed(branch=name, head=heads[name][0], shas=list(shas), first=is_first)
        for name in sorted(known.keys() - heads.keys()):
            pushed(branch=name, head="", shas=[], first=False)
    repository.default_branch = default


def _store_branches(repository: Repository, rows: list[Branch], *, keeping: Iterable[str]) -> None:
    Branch.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["repository", "name"],
        update_fields=["head", "ahead", "behind", "committed_at"],
    )
    repository.branches.exclude(name__in=list(keeping)).delete()


def heads_in(folder: Path) -> Heads:
    """The branches of the mirror. A name that is no name for a ref, or too long for a row, is left out."""
    said = git_cli.run(
        "for-each-ref", "--format=%(refname)%00%(objectname)%00%(committerdate:unix)", HEADS, folder=folder
    )
    heads = {}
    for line in said.decode(errors="replace").split("\n")[:-1]:
        ref, head, at = line.split("\0")
        name = ref.removeprefix(HEADS)
        if len(name) <= 255 and tidy(name, 255) == name:
            heads[name] = (head, instant(at))
    return heads


def instant(seconds: str) -> datetime:
    """What a commit says about its time; the first or the last one there is when it is none."""
    number = int(seconds) if seconds.lstrip("-").isdigit() else 0
    return datetime.fromtimestamp(min(max(number, 0), 253_370_764_800), UTC)


def _row(repository: Repository, name: str, head: tuple[str, datetime], base: str | None) -> Branch:
    sha, at = head
    behind, ahead = counted(folder_of(repository), base, sha) if base and base != sha else (0, 0)
    return Branch(repository=repository, name=name, head=sha, ahead=ahead, behind=behind, committed_at=at)


def counted(folder: Path, base: str, head: str) -> tuple[int, int]:
    """How many commits `base` has that `head` has not, and the other way round."""
    said = git_cli.run("rev-list", "--left-right", "--count", names=(f"{base}...{head}",), folder=folder)
    behind, ahead = said.split()
    return int(behind), int(ahead)


def _store_commits(repository: Repository, folder: Path, heads: list[str], old: list[str]) -> None:
    """Keep a row for each commit that `heads` reach and `old` did not, a thousand at a time."""
    for some in batched(commits_in(folder, heads, old), 1000):
        rows = [Commit(repository=repository, **each) for each in some]
        Commit.objects.bulk_create(rows, ignore_conflicts=True)


def commits_in(
    folder: Path, heads: list[str], old: Sequence[str] = (), most: int = MOST_COMMITS
) -> Iterator[dict[str, Any]]:
    """The fields of each commit, newest first."""
    asked = "".join(f"{head}\n" for head in heads) + "".join(f"^{head}\n" for head in old)
    options = ("-z", "--encoding=UTF-8", "--ignore-missing", f"--max-count={most}", RECORD, "--stdin")
    rest = b""
    if not heads:
        return
    for chunk in git_cli.stream("log", *options, folder=folder, given=asked.encode()):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from map(fields, whole)
    if rest:
        yield fields(rest)


def fields(record: bytes) -> dict[str, Any]:
    sha, at, author, email, message = _decoded(record).split("\n", 4)
    return {
        "sha": sha,
        "committed_at": instant(at),
        "author_name": tidy(author, 200),
        "author_email": tidy(email, 254),
        "message": tidy(message, LONGEST_MESSAGE, lines=True),
    }


def _decoded(record: bytes) -> str:
    """Git converts what names its encoding; the rest is UTF-8, or was written by somebody who had Latin-1."""
    try:
        return record.decode()
    except UnicodeDecodeError:
        return record.decode("latin-1")


def _new_commits(folder: Path, head: str, old: list[str]) -> list[str]:
    asked = f"{head}\n" + "".join(f"^{each}\n" for each in old)
    options = ("--ignore-missing", f"--max-count={MOST_NEW_COMMITS}", "--stdin")
    return git_cli.run("rev-list", *options, folder=folder, given=asked.encode()).decode().split()
