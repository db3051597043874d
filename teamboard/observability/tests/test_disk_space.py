"""Every way in which a disk takes nothing more is told by /readyz, in words and in the log."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from teamboard.observability import disk_space, health

pytestmark = [pytest.mark.req("FLT-34"), pytest.mark.django_db]


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Callable[[str], Path]]:
    """A file system of its own, mounted with the options given; only root may mount one."""

    def mount(options: str) -> Path:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", tmp_path], check=False)
        return tmp_path if done.returncode == 0 else pytest.skip("this user may mount nothing")

    if os.geteuid():
        pytest.skip("this user may mount nothing")
    yield mount
    subprocess.run(["umount", "--lazy", tmp_path], check=False, stderr=subprocess.DEVNULL)


@pytest.fixture
def told(client, monkeypatch, caplog) -> Callable[[], str]:
    """What the log says when /readyz has said that nothing can be saved."""
    monkeypatch.setattr(health, "_told_cause", "")

    def ask() -> str:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (503, "down")
        assert answer.json()["reasons"] == [str(disk_space.SENTENCE)]
        return next(each.cause for each in caplog.records if each.name == health.log.name)

    return ask


def test_disk_trial_leaves_nothing(client, settings, tmp_path):
    settings.GIT_FOLDER = tmp_path / "git"
    assert client.get("/readyz").json()["status"] == "ok"
    assert list(settings.GIT_FOLDER.iterdir()) == []


@pytest.mark.parametrize("options", ["size=4m", "size=64m,ro", "size=64m,nr_inodes=1"])
def test_disk_full_read_only_or_without_inodes_is_not_ready(small_disk, settings, told, options):
    settings.GIT_FOLDER = small_disk(options)
    assert "GIT_FOLDER" in told()


def test_disk_that_fills_up_is_not_ready_until_it_is_freed(small_disk, settings, client, told):
    settings.GIT_FOLDER = small_disk("size=64m")
    assert client.get("/readyz").status_code == 200
    (settings.GIT_FOLDER / "mirror").write_bytes(bytes(60 * 1024 * 1024))
    assert "has 4 MB left, less than 16" in told()
    (settings.GIT_FOLDER / "mirror").unlink()
    assert client.get("/readyz").status_code == 200


def test_disk_folder_that_can_not_be_made_is_not_ready(settings, tmp_path, told):
    (tmp_path / "file").touch()
    settings.GIT_FOLDER = tmp_path / "file" / "git"
    assert "Not a directory" in told()


def test_disk_of_uploads_is_tried(monkeypatch, tmp_path, told):
    (tmp_path / "file").touch()
    monkeypatch.setattr(disk_space.tempfile, "gettempdir", lambda: str(tmp_path / "file"))
    assert "TMPDIR" in told()


def test_disk_of_the_data_folder_is_tried(monkeypatch, settings, tmp_path, told):
    (tmp_path / "data" / "postgres").mkdir(parents=True)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    settings.GIT_FOLDER = tmp_path / "git"
    free = os.statvfs(tmp_path)
    full = os.statvfs_result((*free[:4], 1, *free[5:]))
    monkeypatch.setattr(disk_space.os, "statvfs", lambda path: full if path == tmp_path / "data" else free)
    assert "DATA_DIR" in told()


def test_database_that_can_not_write_is_not_ready(told):
    with connection.cursor() as cursor:
        cursor.execute("SET temp_file_limit = '64kB'")  # the server's own way to have no room
        try:
            assert "The database can't write" in told()
        finally:
            cursor.execute("RESET temp_file_limit")


def test_database_that_is_read_only_is_not_ready(told):
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
    assert told() == "The database is read-only"
