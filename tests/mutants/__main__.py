"""`make mutants`: break chosen lines one at a time; the nearest tests must notice each.

`mutants.toml` has them: locks, permission calls, edges of a run's life, limits, comparisons of times,
predicates of statements. Each is broken in a copy of the tree, on the services of
`teamboard.launch.with_services`, once all their tests have passed on the unbroken one. Prints a line a
mutant; exits with 1 when one was not killed. Words on the command line choose those whose name or file
contains one of them; `--check` runs the tests unbroken and nothing else.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from queue import Queue
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.mutants.chosen import ROOT, Mutant, chosen

LANES = 2
NEW_DATABASE = ("--create-db",)
TIME_LIMIT = 120  # seconds; a mutant that makes its tests hang is noticed too
CHECK_TIME_LIMIT = 900  # seconds, for all the tests of a lane and the making of its database
PASSED, FAILED = 0, 1  # pytest's exit codes; it ends with FAILED too where an import breaks before any test


class Verdict(StrEnum):
    KILLED = "killed"
    SURVIVED = "SURVIVED"
    HUNG = "killed, hung"
    NO_TEST_RAN = "NO TEST RAN"  # the mutant breaks an import, or a test is not there: choose another line


class Outcome(NamedTuple):
    mutant: Mutant
    verdict: Verdict
    seconds: float
    output: str

    @property
    def is_killed(self) -> bool:
        return self.verdict in (Verdict.KILLED, Verdict.HUNG)


class Lane:
    """A copy of the tree with databases of its own, in which one mutant at a time is tried."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder = folder
        for name in files_of_tree():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
        for name in (".venv", ".runtime", "node_modules"):
            if (ROOT / name).exists():
                (folder / name).symlink_to(ROOT / name)
        database, redis = urlsplit(os.environ["DATABASE_URL"]), urlsplit(os.environ["REDIS_URL"])
        self.environment = os.environ | {
            "DEBUG": "1",
            "DATABASE_URL": database._replace(path=f"/mutants_{number}").geturl(),
            "REDIS_URL": redis._replace(path=f"/{number + 1}").geturl(),
            # A mutant may have the size and the second of another: its bytecode must not be taken for theirs.
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.has_database = False

    def check(self, tests: list[str]) -> tuple[bool, str]:
        """Whether all of `tests` pass unbroken, and what pytest wrote. Makes the database and the bytecode."""
        done = self.pytest(tests, *NEW_DATABASE, time_limit=CHECK_TIME_LIMIT, PYTHONDONTWRITEBYTECODE="")
        self.has_database = True
        return done.returncode == PASSED, done.stdout

    def try_out(self, mutant: Mutant) -> Outcome:
        path, began = self.folder / mutant.file, time.monotonic()
        whole, times = path.read_text(), path.stat()
        path.write_text(mutant.applied_to(whole))
        try:
            done = self.pytest(mutant.tests, "-x", *(() if self.has_database else NEW_DATABASE))
        except subprocess.TimeoutExpired:
            self.has_database = False  # it may hold rows that a test did not come to take away
            return Outcome(mutant, Verdict.HUNG, time.monotonic() - began, "")
        finally:
            path.write_text(whole)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # so that its bytecode is good again
        self.has_database = True
        return Outcome(mutant, verdict_of(done.returncode, done.stdout), time.monotonic() - began, done.stdout)

    def pytest(
        self, tests: list[str], *options: str, time_limit: int = TIME_LIMIT, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        command = [".venv/bin/python", "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"]
        return subprocess.run(
            [*command, "--reuse-db", *options, *tests],
            cwd=self.folder,
            env=self.environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=time_limit,
            check=False,
        )


def verdict_of(code: int, output: str) -> Verdict:
    """What a run of pytest says of a mutant. An error before or beside a test notices nothing."""
    if code == PASSED:
        return Verdict.SURVIVED
    summary = output.rstrip().rpartition("\n")[2]
    has_failed = code == FAILED and re.search(r"(^|, )\d+ failed", summary.strip("= "))
    return Verdict.KILLED if has_failed else Verdict.NO_TEST_RAN


def files_of_tree() -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]


def lanes_in(folder: Path) -> list[Lane]:
    return [Lane(folder / str(number), number) for number in range(LANES)]


def failures_unbroken(lanes: list[Lane], mutants: list[Mutant]) -> list[str]:
    """What pytest wrote where a chosen test fails although nothing is broken; each lane runs a part of them."""
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    parts = [tests[number :: len(lanes)] or tests for number in range(len(lanes))]
    with ThreadPoolExecutor(len(lanes)) as pool:
        answers = list(pool.map(Lane.check, lanes, parts))
    return [output for is_passed, output in answers if not is_passed]


def outcomes(lanes: list[Lane], mutants: list[Mutant]) -> Iterator[Outcome]:
    """Of each mutant in its order, as soon as those before it have theirs."""
    free: Queue[Lane] = Queue()
    for lane in lanes:
        free.put(lane)

    def one(mutant: Mutant) -> Outcome:
        lane = free.get()
        try:
            return lane.try_out(mutant)
        finally:
            free.put(lane)

    with ThreadPoolExecutor(len(lanes)) as pool:
        yield from pool.map(one, mutants)


def main(words: list[str]) -> int:
    is_check_alone = "--check" in words
    words = [word for word in words if word != "--check"]
    mutants = [mutant for mutant in chosen() if not words or any(w in f"{mutant.name} {mutant.file}" for w in words)]
    began, alive = time.monotonic(), 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        lanes = lanes_in(Path(folder))
        if failures := failures_unbroken(lanes, mutants):
            print(*failures, "The tests fail although nothing is broken.", sep="\n")
            return 1
        print(f"The tests of {len(mutants)} mutants pass unbroken ({time.monotonic() - began:.0f} s).", flush=True)
        if is_check_alone:
            return 0
        for outcome in outcomes(lanes, mutants):
            alive += not outcome.is_killed
            print(f"{outcome.verdict:12} {outcome.seconds:5.1f} s  {outcome.mutant.name}", flush=True)
            if outcome.verdict == Verdict.NO_TEST_RAN:
                print(outcome.output, flush=True)
    print(f"\n{len(mutants)} mutants, {alive} survived ({time.monotonic() - began:.0f} s).")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
