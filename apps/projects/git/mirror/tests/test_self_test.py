from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.projects.git.mirror import git_cli
from apps.projects.models import Repository

pytestmark = pytest.mark.django_db


def told() -> str:
    out = StringIO()
    call_command("doctor", "git", stdout=out)
    return out.getvalue()


def test_it_says_which_git_there_is(server, settings):
    said = told()
    assert "ok     git version 2." in said
    assert str(settings.GIT_FOLDER) in said


def test_a_missing_git_is_one_line(server, monkeypatch, capsys):
    monkeypatch.setattr(git_cli, "program", lambda: None)
    out = StringIO()
    with pytest.raises(CommandError, match=r"docs/git\.md"):
        call_command("doctor", "git", stdout=out)
    assert out.getvalue().count("\n") == 1
    assert "WRONG  git is not installed" in out.getvalue()


def test_a_repository_in_trouble_is_named(server, repository):
    Repository.objects.update(fetch_error="unauthorized")
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("doctor", "git", stdout=out)
    assert f"TIDE/{repository.name}: The server wants another token" in out.getvalue()


@pytest.mark.req("FLT-8")
def test_system_that_can_not_limit_git_is_told(server, monkeypatch):
    monkeypatch.setattr(git_cli, "CAN_BE_LIMITED", False)
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("doctor", "git", stdout=out)
    assert "WRONG  This system can't limit the memory and the files of git" in out.getvalue()
