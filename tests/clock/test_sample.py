"""Which tests are run at other times, how their outcome is read, and that nothing reads another clock."""

import re
import time

import pytest
from django.db import connection
from django.utils import timezone

from tests.clock import __main__ as runs
from tests.clock import sample
from tests.clock.python import sitecustomize

pytestmark = pytest.mark.req("FLT-43")
DAYS = "tests/e2e/test_chat.py::test_days_and_what_is_new_are_marked_and_headers_fold"
WRITTEN = """
import pytest

def helper(): return "2026-02-01"

@pytest.mark.parametrize("day", ["2026-02-01"])
def test_of_a_day(day): pass

def test_of_nothing(): pass

class TestTimes:
    async def test_of_time(self): timezone.now()
"""


def test_sample_has_what_reads_the_time_and_quick_what_names_a_day(tmp_path):
    path = tmp_path / "test_written.py"
    path.write_text(WRITTEN)
    assert list(sample.tests_in(path, sample.NAMES_A_DAY)) == ["test_written.py::test_of_a_day"]
    assert list(sample.tests_in(path, sample.READS_TIME)) == [
        "test_written.py::test_of_a_day",
        "test_written.py::TestTimes::test_of_time",
    ]


def test_sample_is_of_files_and_in_the_browser_of_single_tests():
    assert DAYS in sample.of_browser()
    assert DAYS in sample.quick(of_browser=True)
    assert "tests/clock/test_sample.py" in sample.of_suite()
    assert not any(name.startswith((sample.BROWSER, *sample.SLOW)) for name in sample.of_suite())
    first_of_each = {name.split("::")[0] for name in sample.of_browser(is_full=True)}
    assert first_of_each == {path.relative_to(sample.ROOT).as_posix() for path in sample.files(of_browser=True)}


def test_outcome_is_read_from_the_line_that_pytest_ends_with():
    said = "2 failed once\n3 failed, 5 passed, 1 warning, 25 errors in 191.65s (0:03:11)\nsys:1: RuntimeWarning: x"
    assert runs.COUNT.findall(runs.last_line_of(said)) == [("3", "failed"), ("5", "passed"), ("25", "errors")]
    assert runs.last_line_of("Killed") == ""


def test_sleep_under_libfaketime_waits_and_refuses_a_negative_time():
    began = time.monotonic()
    sitecustomize.sleep(0.05)
    assert time.monotonic() - began >= 0.05
    with pytest.raises(ValueError, match="non-negative"):
        sitecustomize.sleep(-1)


@pytest.mark.django_db
def test_database_has_the_clock_of_python():
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        assert abs(cursor.fetchone()[0] - timezone.now()).total_seconds() < 5


def test_pages_read_the_time_in_one_script():
    reads = re.compile(r"new Date\(\)|Date\.now\(|\.format\(\)")
    scripts = [path for path in (sample.ROOT / "static/js").rglob("*.js") if "/test" not in str(path)]
    readers = {
        path.relative_to(sample.ROOT / "static/js").as_posix() for path in scripts if reads.search(path.read_text())
    }
    assert readers == {"page/clock.js"}
