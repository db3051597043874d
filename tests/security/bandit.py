"""bandit over the product's code, with the reasons that are there for ruff: make security.

Ruff's S rules are bandit's, by the same numbers. Where a line says `# noqa: S308 - why`, bandit's B308
is answered by the same words; what ruff is told to ignore stands in pyproject.toml for both.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

COMMAND = [*("bandit", "-q", "-c", "pyproject.toml", "-f", "json", "-r"), "apps", "teamboard", "manage.py"]


def main() -> None:
    ran = subprocess.run([sys.executable, "-m", *COMMAND], capture_output=True, text=True)
    told = json.loads(ran.stdout)
    lines_read = told["metrics"]["_totals"]["loc"]
    open_ones = [issue for issue in told["results"] if not has_reason(issue)]
    for issue in open_ones:
        print(f"{issue['filename']}:{issue['line_number']} {issue['test_id']} {issue['issue_text']}")
    print(f"bandit: {lines_read} lines read, {len(told['results'])} places seen, {len(open_ones)} without a reason.")
    sys.exit(bool(open_ones or told["errors"] or not lines_read))


def has_reason(issue: dict) -> bool:
    """A `noqa` with the same number somewhere in the statement it is about."""
    lines = Path(issue["filename"]).read_text().splitlines()
    first, last = issue["line_range"][0], max(issue["line_range"])
    number = issue["test_id"].removeprefix("B")
    return re.search(rf"# noqa: [\w, ]*\bS{number}\b", "\n".join(lines[first - 1 : last])) is not None


if __name__ == "__main__":
    main()
