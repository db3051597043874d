"""A mirror that something broke on our disk heals by itself, or by a click."""

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models.functions import Now
from django.test import Client

from apps.accounts.models import AuditEntry
from apps.projects import permissions
from apps.projects.git.mirror import damage, fetch, git_cli, mirror
from apps.projects.git.mirror.errors import GitFailed
from apps.projects.git.pages import queries
from apps.projects.git.repositories import connect
from apps.projects.models import Event, Repository, Role
from apps.projects.tests.git_server import git

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-41")]


def fetched(repository: Repository) -> Repository:
    fetch.want(repository)
    fetch.fetch(repository.pk)
    repository.refresh_from_db()
    return repository


def packs(folder: Path) -> list[Path]:
    return sorted(folder.glob("objects/pack/*.pack"))


def overwrite(path: Path, content: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(content)


def flip_bytes(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for at in range(20, len(content) - 30, 7):
        content[at] ^= 0xFF
    overwrite(path, bytes(content))


DAMAGES = {
    "empty ref": lambda folder: (folder / "refs/heads/main").write_bytes(b""),
    "garbage in a ref": lambda folder: (folder / "refs/heads/main").write_bytes(os.urandom(41)),
    "ref without its commit": lambda folder: (folder / "refs/heads/main").write_text("1" * 40 + "\n"),
    "missing ref": lambda folder: (folder / "refs/heads/main").unlink(),
    "zeros in a ref": lambda folder: (folder / "refs/heads/main").write_bytes(b"\0" * 41),
    "garbage in packed-refs": lambda folder: (folder / "packed-refs").write_bytes(b"\0" * 200),
    "empty HEAD": lambda folder: (folder / "HEAD").write_bytes(b""),
    "missing HEAD": lambda folder: (folder / "HEAD").unlink(),
    "empty config": lambda folder: (folder / "config").write_bytes(b""),
    "garbage in config": lambda folder: (folder / "config").write_bytes(b"[core\n\0"),
    "missing refs/": lambda folder: shutil.rmtree(folder / "refs"),
    "missing objects/": lambda folder: shutil.rmtree(folder / "objects"),
    "missing pack": lambda folder: [each.unlink() for each in packs(folder)],
    "missing index of a pack": lambda folder: [each.with_suffix(".idx").unlink() for each in packs(folder)],
    "empty index of a pack": lambda folder: [overwrite(each.with_suffix(".idx"), b"") for each in packs(folder)],
    "pack cut off": lambda folder: [overwrite(each, each.read_bytes()[:60]) for each in packs(folder)],
    "empty folder": lambda folder: [shutil.rmtree(folder), folder.mkdir()],
}


@pytest.fixture
def mirrored(work, repository) -> Repository:
    work.commit("Start")
    git("tag", "v1", folder=work.folder)
    work.push("--tags")
    return fetched(repository)


def is_shown(repository: Repository) -> bool:
    """Whether pages can read all of it: commits, what they changed, and tags."""
    branch = repository.branches.get(name="main")
    branch.repository = repository
    commits, _more = queries.commits_of(branch)
    return bool(commits and queries.change_of(commits[0]).files and queries.tags(repository))


@pytest.mark.parametrize("spoil", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("has_news", [False, True], ids=["nothing new", "a push"])
def test_damaged_mirror_heals_with_next_fetch(work, mirrored, spoil, has_news):
    if has_news:
        work.commit("Go on")
    spoil(mirror.folder_of(mirrored))
    fetched(mirrored)
    assert mirrored.fetch_error == ""
    assert is_shown(mirrored)
    folder = mirror.folder_of(mirrored)
    assert git("--git-dir", str(folder), "rev-parse", "refs/heads/main", folder=folder) == work.head()
    assert mirrored.commits.count() == 1 + has_news
    pushed = [event.payload for event in Event.objects.filter(kind="code.pushed").order_by("seq")]
    assert [told["first"] for told in pushed] == [True, False][: 1 + has_news]


def test_whole_mirror_is_not_made_anew(work, mirrored, caplog):
    folder = mirror.folder_of(mirrored)
    before = folder.stat().st_ino
    assert damage.is_whole(folder)
    fetched(mirrored)
    work.commit("Go on")
    fetched(mirrored)
    Repository.objects.update(fingerprint="")
    fetched(mirrored)
    assert folder.stat().st_ino == before
    assert "damaged" not in caplog.text


@pytest.mark.parametrize("code", ["no_git", "timed_out"])
def test_mirror_that_git_could_not_look_at_is_kept(mirrored, monkeypatch, code):
    def fail(*_arguments: object, **_more: object) -> bytes:
        raise GitFailed(code)

    monkeypatch.setattr(git_cli, "run", fail)
    fetched(mirrored)
    assert mirrored.fetch_error == code
    assert mirror.exists(mirrored)


def test_mirror_is_kept_while_the_server_is_down(server, mirrored):
    Repository.objects.update(url="http://127.0.0.1:1/a.git")
    fetched(mirrored)
    assert mirrored.fetch_error == "unreachable"
    assert mirror.exists(mirrored)


def signed_in(membership) -> Client:
    client = Client()
    client.force_login(membership.user)
    return client


def test_page_that_cannot_read_has_the_mirror_checked(mirrored, people):
    flip_bytes(packs(mirror.folder_of(mirrored))[0])
    viewer = signed_in(people[Role.VIEWER])
    page = f"/projects/TIDE/code/{mirrored.pk}/commits/{mirrored.commits.get().sha}/"
    assert viewer.get(page).status_code == 503
    assert fetch.due() == []  # it was fetched within the last minute
    Repository.objects.update(fetched_at=Now() - timedelta(minutes=2))
    assert viewer.get(page).status_code == 503
    assert fetch.due() == [mirrored.pk]
    fetch.fetch(mirrored.pk)
    assert viewer.get(page).status_code == 200
    assert is_shown(mirrored)


def test_page_that_fails_for_other_reasons_checks_nothing(mirrored, people, monkeypatch):
    def slow(*_arguments: object, **_more: object) -> bytes:
        raise GitFailed("timed_out")

    Repository.objects.update(fetched_at=Now() - timedelta(minutes=2))
    monkeypatch.setattr(git_cli, "run", slow)
    answer = signed_in(people[Role.VIEWER]).get(f"/projects/TIDE/code/{mirrored.pk}/branches/")
    assert answer.status_code == 503
    assert fetch.due() == []


@pytest.mark.parametrize("door", ["page", "api"])
def test_mirror_again_makes_the_mirror_anew(mirrored, people, door):
    client = signed_in(people[Role.MAINTAINER])
    stray = mirror.folder_of(mirrored) / "stray"
    stray.touch()
    if door == "page":
        settings = f"/projects/TIDE/settings/repositories/{mirrored.pk}/"
        assert f'action="{settings}mirror/"' in client.get(settings).text
        assert "It is mirrored again now." in client.post(f"{settings}mirror/", follow=True).text
    else:
        assert client.post(f"/api/v1/repositories/{mirrored.pk}/mirror/").status_code == 202
    assert fetch.due() == [mirrored.pk]
    assert stray.exists()  # until a worker comes: another may be fetching
    fetch.fetch(mirrored.pk)
    assert not stray.exists()
    assert is_shown(mirrored)
    mirrored.refresh_from_db()
    assert mirrored.mirror_wanted_at is None
    assert AuditEntry.objects.get(action="repository.mirrored_again").facts["name"] == mirrored.name


def test_mirror_again_is_for_those_who_manage(mirrored, people):
    with pytest.raises(permissions.NotAllowed):
        connect.mirror_again(mirrored, by=people[Role.MEMBER].user)
    mirrored.refresh_from_db()
    assert mirrored.mirror_wanted_at is None
