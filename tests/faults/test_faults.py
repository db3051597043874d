"""The short form of all fault runs, in a product of its own; `make faults` has the full one."""

import subprocess
import sys

import pytest

from teamboard.launch import ROOT


@pytest.mark.req("C3", "D4", "D8", "E3", "E9", "S3", "RT-3", "FLT-38")
def test_nothing_is_lost_and_nothing_happens_twice():
    """Web, worker, Valkey and PostgreSQL killed and stopped, forged and repeated callbacks, moves at once, a flood."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults", "--short"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-4000:]}"
