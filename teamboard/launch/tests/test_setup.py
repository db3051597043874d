"""scripts/setup and scripts/find-python, run in a folder of their own with stand-ins on PATH."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings

ROOT = settings.BASE_DIR
UV = """#!/bin/sh
echo "uv $*" >> "$LOG"
case "$*" in
    --version) ;;
    venv*) mkdir -p .venv/bin && ln -sf "$REAL" .venv/bin/python ;;
    *requirements-$NO_WHEEL.txt*) exit 1 ;;
    *--target*) mkdir -p "$8" ;;
esac
"""


@pytest.fixture
def clone(tmp_path):
    folder = tmp_path / "clone"
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    for path in ROOT.glob("requirements*.txt"):
        shutil.copy(path, folder)
    program(folder / "bin/uv", UV)
    program(folder / "bin/apt-get", "#!/bin/sh\nexit 1\n")
    return folder


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def run(clone: Path, *command: str, **environment: str) -> subprocess.CompletedProcess:
    log = clone / "log"
    log.write_text("")
    fixed = {
        "PATH": f"{clone}/bin:/usr/bin:/bin",
        "HOME": str(clone),
        "LOG": str(log),
        "REAL": sys.executable,
    }
    environment = {"NO_WHEEL": "none", "PYTHON": sys.executable} | fixed | environment
    return subprocess.run(command, cwd=clone, env=environment, text=True, capture_output=True, check=False)


def test_the_second_set_up_does_nothing(clone):
    assert run(clone, "scripts/setup").returncode == 0
    assert "uv pip install" in (clone / "log").read_text()
    assert run(clone, "scripts/setup").returncode == 0
    assert (clone / "log").read_text() == ""


def test_a_changed_lock_is_installed(clone):
    run(clone, "scripts/setup")
    with (clone / "requirements.txt").open("a") as lock:
        lock.write("# changed\n")
    run(clone, "scripts/setup")
    assert "-r requirements.txt" in (clone / "log").read_text()


def test_no_python_is_said_in_words(clone):
    program(clone / "scripts/find-python", "#!/bin/sh\nexit 1\n")
    done = run(clone, "scripts/setup")
    assert done.returncode == 1
    assert "needs Python 3.12 or newer and found none" in done.stderr


def test_a_full_disk_is_said_in_words(clone):
    program(clone / "bin/df", "#!/bin/sh\nprintf 'head\\nfs 1 1 2048 1%% /\\n'\n")
    assert "Only 2 MB are free here" in run(clone, "scripts/setup").stderr


def test_without_a_wheel_the_machines_own_program_serves(clone):
    program(clone / "bin/redis-server", "#!/bin/sh\n")
    done = run(clone, "scripts/setup", NO_WHEEL="valkey")
    assert done.returncode == 0
    assert f"using {clone}/bin/redis-server" in done.stdout


def test_without_wheel_and_program_it_says_what_to_install(clone):
    if shutil.which("redis-server", path="/usr/bin:/bin"):
        pytest.skip("this machine has a redis-server")
    done = run(clone, "scripts/setup", NO_WHEEL="valkey")
    assert done.returncode == 1
    assert "apt-get install redis-server" in done.stderr
    assert "REDIS_URL" in done.stderr


def test_a_service_that_is_given_is_not_installed(clone):
    assert run(clone, "scripts/setup", NO_WHEEL="valkey", REDIS_URL="redis://given").returncode == 0
    assert "requirements-valkey.txt" not in (clone / "log").read_text()


def test_a_python_is_judged_by_running_it(clone):
    """A pyenv shim that exits 127 and a Python that is too old are passed over."""
    program(clone / "bin/python3.14", "#!/bin/sh\nexit 127\n")
    program(clone / "bin/python3.13", "#!/bin/sh\nexit 1\n")
    program(clone / "bin/python3.12", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    found = run(clone, "scripts/find-python", PYTHON="").stdout.strip()
    assert os.path.samefile(found, sys.executable)


def test_a_named_python_comes_first(clone):
    program(clone / "mine", "#!/bin/sh\n[ \"$2\" = 'import sys; print(sys.executable)' ] && echo mine || exit 0\n")
    assert run(clone, "scripts/find-python", PYTHON=str(clone / "mine")).stdout == "mine\n"


@pytest.mark.parametrize(("answer", "is_kept"), [("yes", False), ("y", True), ("", True)])
def test_a_reset_asks_and_deletes_where_the_data_really_is(clone, tmp_path, answer, is_kept):
    elsewhere = tmp_path / "elsewhere/postgres"
    elsewhere.mkdir(parents=True)
    (clone / ".data").mkdir()
    (clone / ".data/postgres").symlink_to(elsewhere)
    subprocess.run(["scripts/reset"], cwd=clone, input=answer, text=True, check=is_kept is False)
    assert (clone / ".data").exists() is elsewhere.exists() is is_kept


@pytest.mark.req("FLT-1")
@pytest.mark.skipif(not shutil.which("flock"), reason="without flock they are not kept apart")
def test_of_many_set_ups_at_once_one_works(clone):
    """The others wait for it, and find that nothing is left to do."""
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _n: run(clone, "scripts/setup"), range(6)))
    assert [each.returncode for each in done] == [0] * 6
    assert sum("Installing the locked requirements" in each.stdout for each in done) == 1
