"""pip-audit over what is installed, believed only when it has looked at every package: make security.

Behind some package indexes pip-audit finds nothing out, skips every package and still exits with 0.
Then this says NOT RUN, and what can be said without advisories: which pins have a newer patch release.
"""

import json
import re
import subprocess
import sys
import sysconfig
from importlib.metadata import distributions
from pathlib import Path

INSTALLED = sysconfig.get_path("purelib")
ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    command = ["pip_audit", "--path", INSTALLED, "--format", "json", "--progress-spinner", "off"]
    ran = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True)
    try:
        told = json.loads(ran.stdout)["dependencies"]
    except ValueError:
        told = []
    audited = {normal(each["name"]) for each in told if "skip_reason" not in each}
    installed = {normal(each.name) for each in distributions(path=[INSTALLED])}
    if missed := installed - audited:
        print(f"pip-audit: NOT RUN: {len(missed)} of {len(installed)} packages were not audited. {reason(told, ran)}")
        print_newer_patches()
        return
    holes = [(each["name"], each["version"], hole["id"]) for each in told for hole in each["vulns"]]
    for hole in holes:
        print(*hole)
    print(f"pip-audit: {len(audited)} audited of {len(installed)} installed, {len(holes)} known vulnerabilities.")
    sys.exit(bool(holes))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def reason(told: list[dict], ran: subprocess.CompletedProcess) -> str:
    reasons = [each["skip_reason"] for each in told if "skip_reason" in each]
    return f"It says: {reasons[0] if reasons else ran.stderr.strip()[-300:]}"


def print_newer_patches() -> None:
    """Of our own requirements, those that are behind: security fixes come as patch releases."""
    ran = subprocess.run(
        [sys.executable, "-m", "pip", "list", "--path", INSTALLED, "--outdated", "--format", "json"],
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        print(f"newer releases: NOT RUN: {ran.stderr.strip()[-300:]}")
        return
    pinned = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    behind = [each for each in json.loads(ran.stdout) if normal(each["name"]) in {normal(name) for name in pinned}]
    for each in behind:
        print(f"  {each['name']} {each['version']}, newest {each['latest_version']}")
    print(f"newer releases: {len(behind)} of {len(pinned)} pinned packages have one.")


if __name__ == "__main__":
    main()
