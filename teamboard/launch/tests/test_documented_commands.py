"""What README and docs print to type is typed here, beside a board of `make run` and when it is stopped."""

import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from teamboard.launch import data_folder, ports
from teamboard.launch.tests.test_up import Board, environment

pytestmark = pytest.mark.req("FLT-5")
ROOT = settings.BASE_DIR
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
MANAGE = ".venv/bin/python manage.py"
# What the reader puts in.
PLACEHOLDERS = {"USERNAME": "owner", "SUBJECT": "sub-1", "OLD_ISSUER": "https://old/", "NEW_ISSUER": "https://new/"}
NUMBERS = itertools.count(2)
# Those that end in a refusal on a fresh board, and what it says.
REFUSED = {
    "doctor oidc": "AUTHENTIK_ISSUER",
    "audit verify --head HEAD": "what led to HEAD is not there any more",
}
REFUSED_BESIDE_NO_BOARD = {"doctor operating": "No worker is running"}


def printed() -> list[str]:
    """Code spans and the lines of code blocks, each on one line."""
    found = []
    for page in PAGES:
        text = page.read_text().replace("\\\n", " ")
        blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        prose = re.sub(r"^```\w*\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
        found += [line for block in blocks for line in block.splitlines()]
        found += [line for line in prose.splitlines() if line.startswith("    ")]
        found += [re.sub(r"\s+", " ", span) for span in re.findall(r"`([^`]+)`", prose)]
    return list(dict.fromkeys(re.sub(r"  +#.*", "", line).strip() for line in found))


PRINTED = printed()
MANAGED = [line for line in PRINTED if "manage.py " in line and not line.startswith("docker ")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("board") / "data"


@pytest.fixture(scope="module")
def board(folder) -> Iterator[Board]:
    board = Board(folder, ports.any_free())
    try:
        board.wait_for(r"Open +(http\S+)")
        yield board
    finally:
        if board.process.poll() is None:
            board.stop()


def typed(line: str, folder: Path) -> tuple[int, str]:
    own = {name: value for name, value in environment(folder).items() if name not in ("SECRET_KEY", "FIELD_KEYS")}
    done = subprocess.run(
        line, shell=True, cwd=ROOT, env=own, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    return done.returncode, done.stdout


def assert_runs(line: str, folder: Path, refused: dict[str, str] = REFUSED) -> str:
    values = PLACEHOLDERS | {"PASSWORD": data_folder.read_secrets(folder)["BOARD_DATABASE_PASSWORD"]}
    command = re.sub(r"\b(?<!_)(" + "|".join(values) + r")\b", lambda match: values[match[1]], line)
    if " user add " in command:  # on a board that has nobody of that name yet
        command = re.sub(r"(?<= user add )\w+", lambda match: f"{match[0]}{next(NUMBERS)}", command)
        typed(re.sub(r" user add (\w+)\d+.*", r" user add \1", command), folder)  # whom further lines name
    code, answer = typed(command, folder)
    refusal = refused.get(line.partition(MANAGE)[2].strip())
    assert "Traceback" not in answer, answer
    assert (code, refusal or "") == (1 if refusal else 0, refusal or ""), answer
    assert not refusal or refusal in answer
    return answer


def test_documented_commands_name_their_python():
    assert len(MANAGED) >= 8
    assert [line for line in MANAGED if MANAGE not in line] == []


def test_documented_commands_run_beside_board(board, folder):
    for line in MANAGED:
        assert_runs(line, folder)
    assert "ci" in assert_runs(f"{MANAGE} service_account list", folder)
    assert_runs(f"{MANAGE} check --deploy", folder)
    address = board.wait_for(r"Open +(http\S+)")
    known = assert_runs(f'{MANAGE} shell -v 0 -c "from django.conf import settings as s; print(s.PUBLIC_URL)"', folder)
    assert known.strip() == address

    board.stop()
    for line in MANAGED:
        if " create " not in line and " add " not in line:  # there they are already
            assert_runs(line, folder, REFUSED | REFUSED_BESIDE_NO_BOARD)
    assert "ci" in assert_runs(f"{MANAGE} service_account list", folder)
    assert not data_folder.is_held(folder)


def test_settings_of_board_are_read_by_its_user_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.setenv("NOT_A_SETTING", "1")
    data_folder.write_settings(tmp_path)
    path = tmp_path / "settings.json"
    assert path.stat().st_mode & 0o077 == 0
    assert json.loads(path.read_text())["PORT"] == "8123"
    assert "NOT_A_SETTING" not in path.read_text()


def test_documented_make_targets_exist():
    targets = {found[1] for line in PRINTED if (found := re.match(r"make ([a-z-]+)", line))}
    assert len(targets) >= 8
    for target in targets:
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_documented_scripts_and_modules_exist():
    words = {word for line in PRINTED for word in line.split()}
    scripts = {word for word in words if re.fullmatch(r"scripts/[\w./-]+", word)}
    assert len(scripts) >= 3
    assert [word for word in sorted(scripts) if not (ROOT / word).exists()] == []
    tools = {Path(word).name for word in words if re.fullmatch(r"\.venv/bin/[\w-]+", word)} - {"python"}
    locked = (ROOT / "requirements-dev.txt").read_text()
    assert [tool for tool in sorted(tools) if f"\n{tool}==" not in locked] == []
    modules = {found[1] for line in PRINTED for found in re.finditer(r"python -m ([\w.]+)", line)}
    for module in modules - {"pytest"}:
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


def test_documented_practice_gateway_runs(tmp_path):
    """The two addresses below it are asked as printed, on a port that is free here."""
    port = ports.any_free()
    lines = [
        line.replace("18789", str(port)) for line in PRINTED if "18789" in line and re.match(r"python3|curl", line)
    ]
    start, *questions = lines
    assert len(questions) == 2
    assert shutil.which("curl")
    gateway = subprocess.Popen(["/bin/sh", "-c", f"exec {start} --state {tmp_path / 'state'}"], cwd=ROOT)
    try:
        for question in questions:
            asked = f"{question} -sS --fail --retry 20 --retry-delay 1 --retry-connrefused"
            done = subprocess.run(["/bin/sh", "-c", asked], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
    finally:
        gateway.terminate()
        gateway.wait(10)
