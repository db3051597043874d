"""Only a test that fails notices a mutant."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.__main__ import Lane, Verdict, verdict_of
from tests.mutants.chosen import Mutant


@pytest.mark.parametrize(
    ("code", "output", "verdict"),
    [
        (0, "3 passed in 1.20s\n", Verdict.SURVIVED),
        (1, "FAILED a.py::test_b\n1 failed, 2 passed in 1.20s\n", Verdict.KILLED),
        (1, "3 passed, 1 failed in 1.20s\n", Verdict.KILLED),
        (1, "ERROR a.py::test_b\n2 passed, 1 error in 1.20s\n", Verdict.NO_TEST_RAN),
        (1, "Traceback (most recent call last):\nImportError: 1 failed\n", Verdict.NO_TEST_RAN),
        (2, "1 error in 1.20s\n", Verdict.NO_TEST_RAN),
        (4, "ERROR: not found: a.py::test_b\n", Verdict.NO_TEST_RAN),
        (5, "no tests ran in 0.01s\n", Verdict.NO_TEST_RAN),
    ],
)
def test_verdict_is_killed_by_a_failed_test_alone(code, output, verdict):
    assert verdict_of(code, output) == verdict


def test_file_is_whole_again_after_its_mutant(tmp_path, monkeypatch):
    path = tmp_path / "limit.py"
    path.write_text("LIMIT = 1\n")
    before = path.stat().st_mtime_ns
    lane = Lane.__new__(Lane)
    lane.folder, lane.has_database = Path(tmp_path), True
    seen = []

    def pytest_run(*_args: object, **_options: object) -> subprocess.CompletedProcess[str]:
        seen.append(path.read_text())
        return subprocess.CompletedProcess([sys.executable], 1, "1 failed in 0.10s")

    monkeypatch.setattr(lane, "pytest", pytest_run)
    outcome = lane.try_out(Mutant("limit", "limit.py", "= 1", "= 2", ["test_limit.py"]))
    assert (outcome.is_killed, seen) == (True, ["LIMIT = 2\n"])
    assert (path.read_text(), path.stat().st_mtime_ns) == ("LIMIT = 1\n", before)
