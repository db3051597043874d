"""Reading the mirror for a page: commits of a branch, what one changed, how a branch differs from the default one.

A branch goes by the name that its row has, a commit by the full hash that its row has: nothing else
is asked of git. All of it raises GitFailed.
"""

from dataclasses import dataclass

from apps.projects.git.mirror import git_cli, mirror
from apps.projects.git.mirror.errors import GitFailed
from apps.projects.git.pages import diffs
from apps.projects.git.pages.diffs import Diff
from apps.projects.git.sanitize import tidy
from apps.projects.models import Branch, Commit, Repository

SECONDS = 10
PAGE = 50
LONGEST_DIFF = 1024 * 1024
MOST_TAGS = 200
DIFF_OPTIONS = (
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--find-renames",
    "--submodule=short",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--unified=3",
)


@dataclass(frozen=True)
class Tag:
    name: str
    sha: str


@dataclass(frozen=True)
class Comparison:
    """`diff` is None where the two have nothing in common that it could be taken against."""

    commits: list[Commit]
    diff: Diff | None


def commits_of(branch: Branch, *, page: int = 1) -> tuple[list[Commit], bool]:
    """Page `page` of the branch's commits, newest first, and whether there are more."""
    skipped = (page - 1) * PAGE
    shas = _shas(branch.repository, f"--max-count={PAGE + 1}", f"--skip={skipped}", names=(branch.head,))
    return _rows(branch.repository, shas[:PAGE]), len(shas) > PAGE


def change_of(commit: Commit) -> Diff:
    """What a commit changed; a merge against what it was merged into."""
    options = ("--format=", "--diff-merges=first-parent", *DIFF_OPTIONS)
    return _diff(commit.repository, "show", *options, names=(commit.sha,))


def comparison(branch: Branch, base: Branch) -> Comparison:
    """What `branch` would bring into `base`: its own commits, and what they change together."""
    span = f"{base.head}..{branch.head}"
    commits = _rows(branch.repository, _shas(branch.repository, f"--max-count={PAGE}", names=(span,)))
    if not _have_common_commit(branch, base):
        return Comparison(commits, None)
    since_they_parted = f"{base.head}...{branch.head}"
    return Comparison(commits, _diff(branch.repository, "diff", *DIFF_OPTIONS, names=(since_they_parted,)))


def _have_common_commit(branch: Branch, base: Branch) -> bool:
    """Whether they began as one. Git says no by a failure without a word."""
    folder = mirror.folder_of(branch.repository)
    try:
        return bool(git_cli.run("merge-base", names=(base.head, branch.head), folder=folder, seconds=SECONDS))
    except GitFailed as failure:
        if failure.code == "broken" and not failure.facts["said"]:
            return False
        raise


def tags(repository: Repository) -> list[Tag]:
    """The newest tags, with the commits they stand for."""
    options = ("--format=%(refname)%00%(objectname)%00%(*objectname)", "--sort=-creatordate", f"--count={MOST_TAGS}")
    said = git_cli.run("for-each-ref", *options, mirror.TAGS, folder=mirror.folder_of(repository), seconds=SECONDS)
    lines = (line.split("\0") for line in said.decode(errors="replace").split("\n")[:-1])
    return [Tag(tidy(ref.removeprefix(mirror.TAGS), 255), peeled or own) for ref, own, peeled in lines]


def _shas(repository: Repository, *options: str, names: tuple[str, ...]) -> list[str]:
    folder = mirror.folder_of(repository)
    return git_cli.run("rev-list", *options, names=names, folder=folder, seconds=SECONDS).decode().split()


def _rows(repository: Repository, shas: list[str]) -> list[Commit]:
    """Their rows in that order; of a very old commit, which has none, nothing."""
    found = {commit.sha: commit for commit in repository.commits.filter(sha__in=shas)}
    return [found[sha] for sha in shas if sha in found]


def _diff(repository: Repository, command: str, *options: str, names: tuple[str, ...]) -> Diff:
    folder = mirror.folder_of(repository)
    said = git_cli.run(command, *options, names=names, folder=folder, seconds=SECONDS, limit=LONGEST_DIFF)
    return diffs.parsed(said, is_cut=len(said) >= LONGEST_DIFF)
