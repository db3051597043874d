"""The Code page: branches, commits, what they changed, and how a branch differs from the default one."""

import pytest
from django.test import Client
from django.utils.html import escape
from django.utils.safestring import mark_safe

from apps.projects.git.mirror import git_cli, mirror
from apps.projects.git.mirror.tests.test_mirror import fetched
from apps.projects.git.pages import branch_badges, diffs
from apps.projects.git.repositories.tests.test_connect import signed_in
from apps.projects.models import Role
from apps.projects.tests.git_server import git

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(people) -> Client:
    return signed_in(people[Role.VIEWER])


def test_without_a_repository_it_says_what_would_stand_here(tide, people):
    assert (
        "Maintainers of the project can connect one." in signed_in(people[Role.MEMBER]).get("/projects/TIDE/code/").text
    )
    assert "Connect a repository" in signed_in(people[Role.OWNER]).get("/projects/TIDE/code/").text


def test_branches_stand_with_how_far_they_are(work, repository, ana):
    work.commit("Start")
    work.commit("Try <b>it</b>", branch="tb-12/try")
    work.on("main").commit("Go on")
    git("tag", "v1", folder=work.folder)
    work.push("v1")
    fetched(repository)
    page = ana.get("/projects/TIDE/code/", follow=True).text
    assert "tb-12/try" in page
    assert "Compare tb-12/try: 1 ahead, 1 behind" in page
    assert "Try &lt;b&gt;it&lt;/b&gt;" in page
    assert "<bdi>v1</bdi></a>" in page


@pytest.mark.req("X5")
@pytest.mark.parametrize("name", ['x"', '"', "\\", 'a"b\\', "\u00e4\u2028b", "tab\there", "line\nend"])
def test_files_may_be_called_anything(work, repository, ana, name):
    work.commit("Start", {name: "one\n"})
    fetched(repository)
    git("mv", name, "plain.txt", folder=work.folder)
    moved = work.commit("Rename", {})
    fetched(repository)
    for sha in (moved, git("rev-parse", "HEAD~1", folder=work.folder)):
        assert ana.get(f"/projects/TIDE/code/{repository.pk}/commits/{sha}/").status_code == 200
    assert diffs.parsed(b'diff --git "a/x\\"" "b/x\\""').files[0].path == 'x"'


def test_a_branch_with_a_history_of_its_own_is_said_to_have_one(work, repository, ana):
    work.commit("Start")
    git("checkout", "--quiet", "--orphan", "pages", folder=work.folder)
    work.commit("Begin anew")
    fetched(repository)
    page = ana.get(f"/projects/TIDE/code/{repository.pk}/compare/?branch=pages")
    assert page.status_code == 200
    assert "It has no history in common with <bdi>main</bdi>" in page.text


def test_beside_a_branch_stands_what_other_apps_know(work, repository, ana, monkeypatch):
    monkeypatch.setattr(branch_badges, "_renderers", [])
    branch_badges.register_branch_badges(
        lambda _repository, names: {name: mark_safe("<b>TIDE-1</b>") for name in names if name == "try"}
    )
    work.commit("Start")
    work.commit("Try", branch="try")
    fetched(repository)
    assert ana.get(f"/projects/TIDE/code/{repository.pk}/branches/").text.count("<b>TIDE-1</b>") == 1
    assert "<b>TIDE-1</b>" in ana.get(f"/projects/TIDE/code/{repository.pk}/compare/?branch=try").text


def test_commits_come_in_pages(work, repository, ana):
    for number in range(52):
        git("commit", "--quiet", "--allow-empty", "-m", f"Commit {number}.", folder=work.folder)
    work.push()
    fetched(repository)
    first, second = (ana.get(f"/projects/TIDE/code/{repository.pk}/commits/?page={page}").text for page in (1, 2))
    assert "Commit 51." in first
    assert "Commit 1." not in first
    assert "Commit 1." in second
    assert 'rel="next"' in first
    assert 'rel="next"' not in second


def test_a_commit_shows_what_it_changed(work, repository, ana):
    work.commit("Start", {"board.py": "def move():\n    return 1\n", "gone.txt": "x\n", "old name.txt": "a\nb\nc\nd\n"})
    (work.folder / "gone.txt").unlink()
    (work.folder / "old name.txt").rename(work.folder / "new name.txt")
    sha = work.commit("Change it\n\nBecause.", {"board.py": "def move():\n    return '<script>'\n", "bin": b"\0\1"})
    fetched(repository)
    page = ana.get(f"/projects/TIDE/code/{repository.pk}/commits/{sha}/").text
    assert "Because." in page
    assert '<span class="hl-k">return</span>' in page
    assert "<script>'" not in page
    assert "&lt;script&gt;" in page
    assert "Not a text." in page
    assert "old name.txt →" in page
    assert page.count("diff__gone") == 2
    assert "style=" not in page


def test_a_branch_is_compared_with_where_it_left_the_default_one(work, repository, ana):
    work.commit("Start", {"a.txt": "a\n"})
    work.commit("Try", {"b.txt": "b\n"}, branch="try")
    work.on("main").commit("Go on", {"c.txt": "c\n"})
    fetched(repository)
    page = ana.get(f"/projects/TIDE/code/{repository.pk}/compare/?branch=try").text
    assert "b.txt" in page
    assert "c.txt" not in page
    assert "Go on" not in page


@pytest.mark.parametrize("branch", ["no", "--output=x", "main..try", "HEAD", "refs/heads/main", "main^", "\x7f"])
@pytest.mark.req("X5")
def test_only_branches_that_are_there_are_shown(work, repository, ana, branch):
    work.commit("Start")
    fetched(repository)
    for page in ("commits", "compare"):
        assert ana.get(f"/projects/TIDE/code/{repository.pk}/{page}/", {"branch": branch}).status_code == 404


@pytest.mark.parametrize("sha", ["HEAD", "main", "--all", "0" * 40, "abc", "main^{tree}"])
@pytest.mark.req("X5")
def test_only_commits_that_are_there_are_shown(work, repository, ana, sha):
    work.commit("Start")
    fetched(repository)
    assert ana.get(f"/projects/TIDE/code/{repository.pk}/commits/{sha}/").status_code == 404


def test_another_project_s_repository_is_not_there(work, repository, cy):
    work.commit("Start")
    fetched(repository)
    client = Client()
    client.force_login(cy)
    assert client.get(f"/projects/TIDE/code/{repository.pk}/branches/").status_code == 404


@pytest.mark.parametrize("page", ["", "0", "-1", "x", "99999999999999999999", "٣", "1e3"])
def test_a_page_that_is_none_is_no_error(work, repository, ana, page):
    work.commit("Start")
    fetched(repository)
    for name in ("branches", "commits"):
        assert ana.get(f"/projects/TIDE/code/{repository.pk}/{name}/", {"page": page}).status_code == 200


def test_without_the_mirror_the_rows_still_stand(work, repository, ana):
    sha = work.commit("Start")
    fetched(repository)
    mirror.forget(repository)
    assert "main" in ana.get(f"/projects/TIDE/code/{repository.pk}/branches/").text
    assert "is not on this machine" in ana.get(f"/projects/TIDE/code/{repository.pk}/commits/{sha}/").text


def test_without_git_the_rows_still_stand(work, repository, ana, monkeypatch):
    sha = work.commit("Start")
    fetched(repository)
    monkeypatch.setattr(git_cli, "program", lambda: None)
    page = ana.get(f"/projects/TIDE/code/{repository.pk}/commits/{sha}/")
    assert page.status_code == 503
    assert "The program git is not installed" in page.text


def test_a_page_of_branches_asks_the_database_little(work, repository, ana, django_assert_max_num_queries):
    work.commit("Start")
    for number in range(60):
        git("update-ref", f"refs/heads/branch-{number}", work.head(), folder=work.origin)
    fetched(repository)
    ana.get(f"/projects/TIDE/code/{repository.pk}/branches/")
    with django_assert_max_num_queries(14):
        page = ana.get(f"/projects/TIDE/code/{repository.pk}/branches/")
    assert page.text.count('class="branches__divergence"') == 50


def diff_of(*lines: str) -> diffs.Diff:
    return diffs.parsed("\n".join(lines).encode())


def test_a_large_diff_is_cut(monkeypatch):
    monkeypatch.setattr(diffs, "MOST_FILES", 2)
    monkeypatch.setattr(diffs, "MOST_LINES", 3)
    file = ["diff --git a/x b/x", "--- a/x", "+++ b/x", "@@ -1 +1,2 @@", "+one", "+two"]
    assert [len(each.lines) for each in diff_of(*file, *file).files] == [3, 2]
    assert diff_of(*file, *file).is_cut
    many = diff_of(*file[:1] * 3)
    assert (len(many.files), many.is_cut) == (2, True)


def test_a_very_long_line_is_cut_and_not_coloured():
    diff = diff_of("diff --git a/x.py b/x.py", "@@ -0,0 +1 @@", "+" + "return " * 1000)
    line = diff.files[0].lines[1]
    assert line.text.endswith("…")
    assert "hl-" not in line.html


def test_a_line_that_would_hide_something_does_not():
    diff = diff_of("diff --git a/x.unknown b/x.unknown", "@@ -0,0 +1 @@", "+if it: \u202e# <b>\u2066 is\x1b[31m\r")
    assert diff.files[0].lines[1].html == escape("if it: # <b> is[31m")


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("diff --git a/x b/x", "x"),
        ("diff --git a/a b/x y b/a b/x y", "a b/x y"),
        ('diff --git "a/\\303\\244.txt" "b/\\303\\244.txt"', "ä.txt"),
        ('diff --git "a/\\t\\"q.txt" "b/\\t\\"q.txt"', ' "q.txt'),
    ],
)
def test_paths_are_read_as_they_are(line, path):
    assert diff_of(line).files[0].path == path
