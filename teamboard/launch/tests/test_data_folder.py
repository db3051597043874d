"""The data folder: one owner at a time, nothing newer than us, secrets made once."""

import os
import shutil
from types import SimpleNamespace

import pytest

from teamboard.launch import CannotStart, data_folder


def test_a_folder_is_held_by_one_board(tmp_path):
    with data_folder.held(tmp_path):
        assert data_folder.is_held(tmp_path)
        with pytest.raises(CannotStart, match="already runs"), data_folder.held(tmp_path):
            pass
    assert not data_folder.is_held(tmp_path)


def test_a_folder_of_a_newer_version_is_refused_in_words(tmp_path):
    (tmp_path / "VERSION").write_text("99\n")
    with pytest.raises(CannotStart, match="written by a newer Team Board"), data_folder.held(tmp_path):
        pass


def test_a_full_disk_is_refused_in_words(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=12_000_000))
    with pytest.raises(CannotStart, match="Only 12 MB are free"), data_folder.held(tmp_path):
        pass


def test_secrets_are_made_once_and_for_this_user_only(tmp_path):
    first = data_folder.read_secrets(tmp_path)
    assert data_folder.read_secrets(tmp_path) == first
    assert len(set(first.values())) == len(data_folder.GENERATED)
    assert os.stat(tmp_path / "secrets.env").st_mode & 0o777 == 0o600


def test_a_secret_that_a_newer_version_needs_is_added(tmp_path):
    (tmp_path / "secrets.env").write_text("SECRET_KEY=kept\n")
    assert data_folder.read_secrets(tmp_path)["SECRET_KEY"] == "kept"
    assert data_folder.read_secrets(tmp_path)["FIELD_KEYS"]
