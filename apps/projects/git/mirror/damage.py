"""Whether a mirror on our disk is what git left there: a full disk, a crash or a restored backup may have changed it.

It is found by looking at the folder alone, for what a server says about itself proves nothing about our disk.
"""

import time
from collections.abc import Iterable
from pathlib import Path

from apps.projects.git.mirror import git_cli
from apps.projects.git.mirror.errors import GitFailed

SECONDS = 120
NO_FINDING = {"no_git", "timed_out"}  # git could not look

type Refs = set[tuple[bytes, bytes]]  # hash and name


def is_repository(folder: Path) -> bool:
    """Whether git takes `folder` for the bare repository that it is."""
    try:
        return git_cli.run("rev-parse", "--is-bare-repository", folder=folder).strip() == b"true"
    except GitFailed as failure:
        return failure.code in NO_FINDING


def has_refs(folder: Path, told: bytes) -> bool:
    """Whether the branches and tags are those that the server listed; one that can't be read is missing."""
    listed = _pairs(line for line in told.splitlines() if b"\trefs/" in line and not line.endswith(b"^{}"))
    return listed == _refs(folder)


def has_heads(folder: Path) -> bool:
    """Whether what the branches and tags stand for is there: the tags, and the commits with their lists of files."""
    asked = (sha + b"^{tree}\n" if ref.startswith(b"refs/heads/") else sha + b"\n" for sha, ref in _refs(folder))
    found = git_cli.run("cat-file", "--batch-check=%(objecttype)", folder=folder, given=b"".join(asked))
    return not any(line.endswith(b" missing") for line in found.splitlines())


def is_whole(folder: Path) -> bool:
    """Whether everything that its branches and tags reach is there and reads as it was written, in 2 minutes."""
    until = time.monotonic() + SECONDS
    try:
        git_cli.run("fsck", "--connectivity-only", "--no-dangling", "--no-progress", folder=folder, seconds=SECONDS)
        for pack in sorted(folder.glob("objects/pack/*.pack")):
            left = max(1, until - time.monotonic())
            git_cli.run("verify-pack", names=(str(pack.with_suffix(".idx")),), folder=folder, seconds=left)
    except GitFailed as failure:
        return failure.code in NO_FINDING
    return is_repository(folder)


def _refs(folder: Path) -> Refs:
    said = git_cli.run("for-each-ref", "--format=%(objectname)%09%(refname)", folder=folder)
    return _pairs(said.splitlines())


def _pairs(lines: Iterable[bytes]) -> Refs:
    return {(sha, ref) for sha, ref in (line.split(b"\t") for line in lines)}
