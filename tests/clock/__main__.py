"""The suite at other times and in other zones: `make test-clock`.

    python -m tests.clock [--quick] [--without-browser] [10-days] [400-days] [leap-day] [clocks-forward]
                          [clocks-back] [new-year] [kathmandu] [st-johns]

Runs the tests that have to do with time, with FULL=1 all and more of the browser's, with --quick those that
name a day. PostgreSQL, Valkey, Python and Chromium share one clock: libfaketime adds as many seconds in each.
"""

import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.clock import sample
from tests.clock.settings import SETTINGS, Setting

LIBRARIES = "usr/lib/*/faketime/libfaketimeMT.so.1"
LOGS = sample.ROOT / ".cache/test-clock"  # pytest-playwright empties test-results
COUNT = re.compile(r"(\d+) (passed|failed|errors?)\b")
ENDED = re.compile(r"\d+ \w+.* in [\d.]+s\b")
ENDED_WELL = (0, 1)  # pytest's codes: all passed, some failed; others mean that it did not get through


def main(arguments: list[str]) -> int:
    asked = [name for name in arguments if not name.startswith("--")]
    if unknown := set(asked) - set(SETTINGS):
        sys.exit(f"There is no setting {', '.join(unknown)}; there are {', '.join(SETTINGS)}.")
    library = next(Path("/").glob(LIBRARIES), None)
    if library is None:
        sys.exit("libfaketime is not here (Debian, Ubuntu: apt-get install faketime).")
    LOGS.mkdir(parents=True, exist_ok=True)
    has_browser = "--without-browser" not in arguments
    parts = quick_selection(has_browser) if "--quick" in arguments else selection(has_browser)
    are_good = [run(name, SETTINGS[name], library, parts) for name in asked or SETTINGS]
    return 0 if all(are_good) else 1


def quick_selection(has_browser: bool) -> list[list[str]]:
    """What pytest is given, in one go."""
    return [sample.quick(of_browser=False) + (sample.quick(of_browser=True) if has_browser else [])]


def selection(has_browser: bool) -> list[list[str]]:
    """What pytest is given in each of two goes: only the first has two workers."""
    is_full = bool(os.environ.get("FULL"))
    of_suite = ["--ignore", sample.BROWSER] if is_full else sample.of_suite()
    parts = [["-n", "2", "--dist", "worksteal", *of_suite]]
    return [*parts, sample.of_browser(is_full=is_full)] if has_browser else parts


def run(name: str, setting: Setting, library: Path, parts: list[list[str]]) -> bool:
    """One setting, on services of its own, told in one line and, if it failed, in what failed."""
    began, now = time.monotonic(), datetime.now(UTC)
    starts, environment = setting.starts(now), environment_of(setting, now, library)
    passed = failed = 0
    lines, is_through = [], True
    for number, arguments in enumerate(parts):
        log = LOGS / f"{name}-{number}.log"
        with log.open("w") as output:
            code = subprocess.run(
                [sys.executable, "-m", "teamboard.launch.with_services", *pytest(), *arguments],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=sample.ROOT,
                check=False,
            ).returncode
        said = log.read_text()
        counts = {word.removesuffix("s"): int(count) for count, word in COUNT.findall(last_line_of(said))}
        passed += counts.get("passed", 0)
        failed += counts.get("failed", 0) + counts.get("error", 0)
        lines += [line for line in said.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        if code not in ENDED_WELL:
            is_through = False
            lines.append(f"pytest ended with {code}: see {log.relative_to(sample.ROOT)}")
    seconds = time.monotonic() - began
    print(f"{name:<15} {starts:%Y-%m-%d %H:%M} UTC, {setting.zone}: {passed} passed, {failed} failed, {seconds:.0f} s")
    print(*(f"    {line}" for line in lines), sep="\n", end="\n" * bool(lines), flush=True)
    return is_through and not failed and passed > 0


def last_line_of(said: str) -> str:
    """pytest's own: "3 failed, 5 passed in 8.68s"; the interpreter may say more after it."""
    return next((line for line in reversed(said.splitlines()) if ENDED.search(line)), "")


def pytest() -> list[str]:
    return [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]


def environment_of(setting: Setting, now: datetime, library: Path) -> dict[str, str]:
    environment = os.environ | {"DEBUG": "1", "TZ": setting.zone, "MACHINE_ZONE": setting.zone}
    seconds = round((setting.starts(now) - now).total_seconds())
    if seconds:
        environment |= {
            "LD_PRELOAD": str(library),
            "FAKETIME": f"+{seconds}",
            "DONT_FAKE_MONOTONIC": "1",  # timeouts and the event loop keep the real one
            "NO_FAKE_STAT": "1",  # files too, or all of Python's would be compiled anew
            "PYTHONPATH": str(Path(__file__).parent / "python"),
        }
    return environment


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
