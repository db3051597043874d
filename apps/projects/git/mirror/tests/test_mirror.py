import os
from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.utils import timezone

from apps.projects.git.mirror import fetch, git_cli, mirror
from apps.projects.git.mirror.errors import GitFailed
from apps.projects.git.pages import queries
from apps.projects.models import Branch, Commit, Event, Repository
from apps.projects.tests.git_server import Workshop, git

pytestmark = pytest.mark.django_db


def fetched(repository: Repository) -> Repository:
    fetch.want(repository)
    fetch.fetch(repository.pk)
    repository.refresh_from_db()
    return repository


def branches(repository: Repository) -> dict[str, tuple[int, int]]:
    return {branch.name: (branch.ahead, branch.behind) for branch in repository.branches.all()}


def pushes(repository: Repository) -> list[dict]:
    return [event.payload for event in Event.objects.filter(kind="code.pushed").order_by("seq")]


def test_mirror_reads_branches_commits_and_their_distance(work, repository):
    work.commit("Start")
    work.commit("Try", branch="tb-12-try")
    work.on("main").commit("Go on")
    fetched(repository)
    assert (repository.fetch_error, repository.default_branch) == ("", "main")
    assert branches(repository) == {"main": (0, 0), "tb-12-try": (1, 1)}
    assert set(repository.commits.values_list("message", "author_name", "author_email")) == {
        ("Start", "Ana", "ana@example.org"),
        ("Try", "Ana", "ana@example.org"),
        ("Go on", "Ana", "ana@example.org"),
    }


def test_what_was_there_before_is_told_without_its_commits(work, repository):
    head = work.commit("Start")
    fetched(repository)
    assert pushes(repository) == [
        {"repository": repository.pk, "branch": "main", "head": head, "shas": [], "first": True}
    ]


def test_a_push_is_read_from_where_the_last_one_ended(work, repository):
    work.commit("Start")
    fetched(repository)
    new = [work.commit("One"), work.commit("Two")]
    fetched(repository)
    assert pushes(repository)[-1]["shas"] == [*reversed(new)]
    assert repository.commits.count() == 3
    assert branches(repository) == {"main": (0, 0)}


@pytest.mark.req("GIT-2", "GIT-3")
def test_push_names_commits_that_reach_the_default_branch(work, repository):
    work.commit("Start")
    fetched(repository)
    aside = work.commit("Mend it", branch="mend")
    fetched(repository)
    git("merge", "--quiet", "--no-ff", "-m", "Merge mend", "mend", folder=work.on("main").folder)
    work.push()
    fetched(repository)
    told = pushes(repository)[-1]
    assert (told["branch"], set(told["shas"])) == ("main", {aside, work.head()})


@pytest.mark.req("W2")
def test_of_a_large_push_all_commits_are_told(work, repository, monkeypatch):
    monkeypatch.setattr(mirror, "SHAS_IN_EVENT", 2)
    work.commit("Start")
    fetched(repository)
    new = [work.commit(f"Step {number}") for number in range(5)]
    fetched(repository)
    told = pushes(repository)[1:]
    assert [len(each["shas"]) for each in told] == [2, 2, 1]
    assert [sha for each in told for sha in each["shas"]] == new[::-1]


def test_the_first_push_into_an_empty_repository_is_new(server, tmp_path, repository):
    origin = server.create()
    fetched(repository)
    assert (repository.fetch_error, branches(repository)) == ("", {})
    sha = Workshop.of(origin, tmp_path / "work").commit("Start")
    fetched(repository)
    assert pushes(repository)[-1]["shas"] == [sha]


def test_when_nothing_changed_nothing_is_downloaded(server, work, repository):
    work.commit("Start")
    fetched(repository)
    server.requests.clear()
    fetched(repository)
    assert not [each for each in server.requests if "info/refs" not in each and "git-upload-pack" not in each]
    assert len(server.requests) == 2  # the list of refs, and nothing after it
    assert len(pushes(repository)) == 1


def test_a_forced_push_takes_the_branch_where_it_is_now(work, repository):
    work.commit("Start")
    work.commit("Wrong")
    fetched(repository)
    git("reset", "--quiet", "--hard", "HEAD~1", folder=work.folder)
    right = work.commit("Right")
    fetched(repository)
    assert repository.branches.get().head == right
    assert pushes(repository)[-1]["shas"] == [right]


def test_a_branch_that_was_deleted_goes_and_its_commits_stay(work, repository):
    work.commit("Start")
    sha = work.commit("Try", branch="try")
    fetched(repository)
    work.push(":try")
    fetched(repository)
    assert branches(repository) == {"main": (0, 0)}
    assert repository.commits.filter(sha=sha).exists()
    assert pushes(repository)[-1] == {
        "repository": repository.pk,
        "branch": "try",
        "head": "",
        "shas": [],
        "first": False,
    }


def test_a_branch_may_give_its_name_to_a_folder_of_branches(work, repository):
    work.commit("Start")
    work.commit("Try", branch="try")
    fetched(repository)
    git("checkout", "--quiet", "main", folder=work.folder)
    git("branch", "-D", "try", folder=work.folder)
    work.push(":try")
    work.commit("Try more", branch="try/more")
    fetched(repository)
    assert (repository.fetch_error, set(branches(repository))) == ("", {"main", "try/more"})


def test_mirror_follows_renamed_default_branch(work, repository):
    work.commit("Start")
    work.commit("Try", branch="trunk")
    fetched(repository)
    assert branches(repository)["trunk"] == (1, 0)
    git("symbolic-ref", "HEAD", "refs/heads/trunk", folder=work.origin)
    fetched(repository)
    assert repository.default_branch == "trunk"
    assert branches(repository) == {"main": (0, 1), "trunk": (0, 0)}


@pytest.mark.req("W2")
def test_messages_in_any_encoding_are_read(work, repository):
    work.commit("Start", GIT_AUTHOR_NAME="Zoë")
    (work.folder / "message").write_bytes("Größer \x07 als\x1b[31m".encode("latin-1"))
    git("commit", "--quiet", "--allow-empty", "-F", "message", folder=work.folder)
    git(
        "-c",
        "i18n.commitEncoding=ISO-8859-1",
        "commit",
        "--quiet",
        "--allow-empty",
        "-F",
        "message",
        folder=work.folder,
    )
    work.push()
    fetched(repository)
    assert repository.fetch_error == ""
    assert sorted(repository.commits.values_list("message", flat=True)) == ["Größer  als[31m"] * 2 + ["Start"]
    assert repository.commits.filter(author_name="Zoë").count() == 1


def test_a_commit_may_lie_about_its_time(work, repository):
    work.commit("Long ago", GIT_COMMITTER_DATE="@0 +0000")
    fetched(repository)
    assert repository.commits.get().committed_at.year == 1970
    assert [mirror.instant(said).year for said in ("", "x", "-5", "99999999999999")] == [1970, 1970, 1970, 9999]


def test_without_a_head_the_usual_name_is_the_default(work, repository):
    work.commit("Start")
    git("symbolic-ref", "HEAD", "refs/heads/gone", folder=work.origin)
    fetched(repository)
    assert repository.default_branch == "main"


@pytest.mark.req("X5")
def test_what_is_too_large_is_refused_and_leaves_nothing(work, repository, monkeypatch):
    monkeypatch.setattr(git_cli, "LARGEST_MIRROR", 2 * git_cli.MEBIBYTE)
    monkeypatch.setattr(git_cli, "LOOKS_EVERY", 0.001)
    work.commit("Large", {f"large-{n}": os.urandom(400_000) for n in range(20)})
    fetched(repository)
    assert repository.fetch_error == "too_large"
    assert repository.fetch_facts == {"megabytes": 2}
    assert not mirror.folder_of(repository).exists()
    assert not Branch.objects.exists()


@pytest.mark.req("X5")
def test_a_repository_that_grows_too_large_keeps_what_was_read(work, repository, monkeypatch):
    work.commit("Start")
    fetched(repository)
    monkeypatch.setattr(git_cli, "LARGEST_MIRROR", 2 * git_cli.MEBIBYTE)
    monkeypatch.setattr(git_cli, "LOOKS_EVERY", 0.001)
    work.commit("Large", {f"large-{n}": os.urandom(400_000) for n in range(20)})
    fetched(repository)
    assert repository.fetch_error == "too_large"
    assert git_cli.size_of(mirror.folder_of(repository)) < git_cli.LARGEST_MIRROR
    assert Commit.objects.count() == 1


@pytest.mark.req("X5")
def test_too_many_branches_are_refused(work, repository, monkeypatch):
    work.commit("Start")
    monkeypatch.setattr(mirror, "MOST_REFS", 1)
    fetched(repository)
    assert (repository.fetch_error, repository.fetch_facts) == ("too_many_refs", {"most": 1})


@pytest.mark.req("X5")
def test_what_takes_too_long_is_stopped(work):
    work.commit("Start")
    with pytest.raises(git_cli.GitFailed, match="too long"):
        git_cli.run("version", folder=work.folder, seconds=0)


@pytest.mark.req("X5")
def test_submodules_hooks_symlinks_and_lfs_are_only_text(server, work, repository, tmp_path):
    proof = tmp_path / "proof"
    hostile = {
        ".gitmodules": f'[submodule "x"]\n path = x\n url = ext::sh -c touch% {proof}\n update = !touch {proof}\n',
        ".gitattributes": "* filter=evil diff=evil\n*.bin filter=lfs diff=lfs merge=lfs -text\n",
        ".lfsconfig": f"[lfs]\n url = http://127.0.0.1:{server.port}/lfs\n",
        ".githooks/post-checkout": f"#!/bin/sh\ntouch {proof}\n",
        "a.bin": "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 1\n",
    }
    (work.folder / "link").symlink_to("/etc/passwd")
    work.commit("Hostile", hostile)
    git("update-index", "--add", "--cacheinfo", f"160000,{work.head()},x", folder=work.folder)
    git("commit", "--quiet", "-m", "A submodule", folder=work.folder)
    work.push()
    server.requests.clear()
    fetched(repository)
    assert repository.fetch_error == ""
    assert not proof.exists()
    assert not [asked for asked in server.requests if "lfs" in asked]
    folder = mirror.folder_of(repository)
    assert not (folder / "hooks").exists()
    assert not [path for path in folder.rglob("*") if path.is_symlink()]


@pytest.mark.req("X5")
def test_branches_with_the_names_of_options_are_only_names(work, repository):
    work.commit("Start")
    names = ["-x", "--upload-pack=touch", "--output=x", "a;touch-b", "$(touch-c)", "`id`", "@", "-", "ä/ö", "a'b\"c"]
    for name in names:
        git("update-ref", f"refs/heads/{name}", work.head(), folder=work.origin)
    fetched(repository)
    assert repository.fetch_error == ""
    assert set(branches(repository)) == {"main", *names}


@pytest.mark.req("X5")
@pytest.mark.parametrize("odd", ["a\u2028b", "a\u2029b", "a\u0085b"])
def test_names_that_end_a_line_in_python_alone_stop_nothing(work, repository, odd):
    work.commit("Start")
    for kind in ("heads", "tags"):
        git("update-ref", f"refs/{kind}/{odd}", work.head(), folder=work.origin)
    fetched(repository)
    assert (repository.fetch_error, set(branches(repository))) == ("", {"main"})
    assert [tag.sha for tag in queries.tags(repository)] == [work.head()]


@pytest.mark.req("GIT-3")
def test_mirror_knows_default_branch_of_too_large_repository(work, repository, monkeypatch):
    work.commit("Start")
    monkeypatch.setattr(mirror, "_download", Mock(side_effect=GitFailed("too_large", megabytes=500)))
    fetched(repository)
    assert (repository.fetch_error, repository.default_branch) == ("too_large", "main")


@pytest.mark.req("W2")
def test_fetch_of_previous_address_says_nothing_about_new_one(work, repository, monkeypatch):
    work.commit("Start")
    moved = repository.url + "/elsewhere"
    monkeypatch.setattr(mirror, "fetch", lambda repository: Repository.objects.update(url=moved))
    fetched(repository)
    assert (repository.url, repository.fetched_at) == (moved, None)


def test_another_worker_does_not_fetch_what_one_is_at(work, repository):
    work.commit("Start")
    fetch.want(repository)
    Repository.objects.update(fetch_lease_until="2999-01-01T00:00Z")
    assert fetch.due() == []
    assert fetch.fetch(repository.pk) is False
    assert not Commit.objects.exists()


def test_what_a_crash_left_behind_is_due_once_the_lease_is_over(work, repository):
    work.commit("Start")
    fetch.want(repository)
    Repository.objects.update(fetch_lease_until="2001-01-01T00:00Z")
    assert fetch.due() == [repository.pk]
    fetch.fetch(repository.pk)
    assert Commit.objects.count() == 1
    assert fetch.due() == []


def test_what_is_pushed_while_it_is_fetched_is_wanted_again(work, repository, monkeypatch):
    work.commit("Start")
    fetch.want(repository)
    later = timezone.now() + timedelta(seconds=1)
    monkeypatch.setattr(mirror, "fetch", lambda repository: Repository.objects.update(fetch_wanted_at=later))
    fetch.fetch(repository.pk)
    repository.refresh_from_db()
    assert repository.fetch_wanted_at == later
    monkeypatch.undo()
    assert fetched(repository).fetch_wanted_at > later
