"""How `git` is started: what it is told, what it may do, and that nothing of it stays."""

import os
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from apps.projects.git.mirror import git_cli, mirror
from apps.projects.git.mirror.errors import GitFailed
from apps.projects.git.repositories import credentials
from apps.projects.tests.git_server import GitServer

pytestmark = [pytest.mark.django_db, pytest.mark.req("X5")]
TOKEN = "tok-canary-0123456789"

INJECTIONS = [
    "--output=PROOF",
    "--upload-pack=touch PROOF",
    "--exec=touch PROOF",
    "-uPROOF",
    "-O PROOF",
    "--open-files-in-pager=touch PROOF",
    "--textconv",
    "--ext-diff",
    "--no-index",
    "--git-dir=/tmp",
    "-c",
    "--config-env=x=PATH",
    "--exec-path=/tmp",
    "--all",
    "--stdin",
    "--help",
    "-p",
    "--",
    "-",
    "^main",
    "main..other",
    "main...other",
    "main@{1}",
    "main^{/x}",
    "main~1",
    ":/x",
    ":file",
    "@{-1}",
    "@",
    "HEAD",
    "FETCH_HEAD",
    "refs/../config",
    "../../etc/passwd",
    "main.lock",
    ".main",
    "main.",
    "a//b",
    "/a",
    "a/",
    "a b",
    "a\tb",
    "a\nb",
    "a\x00b",
    "a\x7fb",
    "a~b",
    "a^b",
    "a:b",
    "a?b",
    "a*b",
    "a[b",
    "a\\b",
    "a@{b",
    "$(touch PROOF)",
    "`touch PROOF`",
    "; touch PROOF",
    "| touch PROOF",
    "",
]


def test_the_environment_is_ours_alone(tmp_path, monkeypatch):
    for name in ("GIT_SSH_COMMAND", "GIT_DIR", "GIT_EXTERNAL_DIFF", "LD_PRELOAD", "HTTPS_PROXY", "SECRET_KEY"):
        monkeypatch.setenv(name, "evil")
    environment = git_cli.environment(tmp_path)
    assert "evil" not in environment.values()
    assert environment["GIT_ALLOW_PROTOCOL"] == "none"
    assert environment["GIT_TERMINAL_PROMPT"] == "0"
    assert environment["GIT_CONFIG_GLOBAL"] == os.devnull
    assert environment["HOME"] == str(tmp_path)


def test_no_name_is_taken_for_an_option_or_for_another_commit(work, repository, tmp_path):
    work.commit("Start")
    mirror.fetch(repository)
    folder = mirror.folder_of(repository)
    taken = []
    for name in INJECTIONS:
        with suppress(GitFailed, ValueError):
            git_cli.run("rev-parse", "--verify", "--quiet", names=(f"{mirror.HEADS}{name}",), folder=folder)
            taken.append(name)
    assert taken == []
    assert not list(tmp_path.rglob("PROOF*"))


def test_the_token_is_in_no_argument_and_no_file(server: GitServer, work, repository, monkeypatch):
    work.commit("Start")
    server.token = TOKEN
    repository.credential_kind, repository.credential = "token", TOKEN
    seen = []
    real = subprocess.Popen

    def noticing(argv: list[str], **given):
        seen.append(" ".join(map(str, argv)))
        return real(argv, **given)

    monkeypatch.setattr(subprocess, "Popen", noticing)
    mirror.fetch(repository)
    assert repository.default_branch == "main"
    secrets = (TOKEN, credentials.basic(repository))
    assert not [argv for argv in seen if any(secret in argv for secret in secrets)]
    folder = mirror.folder_of(repository)
    held = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert not [content for content in held if any(secret.encode() in content for secret in secrets)]


def test_the_process_list_never_shows_the_token(server: GitServer, work, repository):
    work.commit("Start", {f"file-{n}": os.urandom(20_000) for n in range(50)})
    server.token = TOKEN
    repository.credential_kind, repository.credential = "token", TOKEN
    seen, done = set(), threading.Event()

    def look() -> None:
        while not done.is_set():
            for line in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    seen.add(line.read_bytes())

    looking = threading.Thread(target=look)
    looking.start()
    mirror.fetch(repository)
    done.set()
    looking.join()
    of_git = [line for line in seen if str(server.port).encode() in line]
    assert of_git
    assert not [line for line in seen if TOKEN.encode() in line or credentials.basic(repository).encode() in line]


@pytest.mark.parametrize(("token", "code"), [("", "unauthorized"), ("wrong", "unauthorized")])
def test_a_wrong_token_is_refused_in_words(server, work, repository, token, code):
    work.commit("Start")
    server.token = TOKEN
    repository.credential_kind, repository.credential = ("token", token) if token else ("none", "")
    with pytest.raises(GitFailed) as failed:
        mirror.fetch(repository)
    assert failed.value.code == code


def test_a_repository_that_is_not_there_is_said_to_be_missing(server, work, repository):
    repository.url = server.url("team/other.git")
    with pytest.raises(GitFailed) as failed:
        mirror.fetch(repository)
    assert failed.value.code == "not_found"


@pytest.mark.req("W7")
def test_a_redirect_is_not_followed(server, work, repository, tmp_path):
    work.commit("Start")
    with GitServer(tmp_path / "elsewhere") as other:
        server.redirect_to = f"http://127.0.0.1:{other.port}"
        with pytest.raises(GitFailed) as failed:
            mirror.fetch(repository)
        assert other.requests == []
    assert failed.value.code == "redirected"


@pytest.mark.req("W7")
def test_the_connection_goes_to_the_address_that_was_checked(server, work, repository, monkeypatch, settings):
    """The name is known to nobody but to the check, so git can't have looked it up itself."""
    work.commit("Start")
    repository.url = f"http://rebound.invalid:{server.port}/team/board.git"
    monkeypatch.setattr("apps.projects.git.repositories.urls.Address.checked", lambda address: ["127.0.0.1"])
    mirror.fetch(repository)
    assert repository.default_branch == "main"


@pytest.mark.parametrize("url", ["ext::sh -c id", "file:///etc", "git://127.0.0.1/x", "/etc", "ftp://127.0.0.1/x"])
def test_git_itself_knows_no_other_protocol(tmp_path, url):
    git_cli.run("init", "--bare", "--quiet", folder=tmp_path)
    with pytest.raises(GitFailed) as failed:
        git_cli.run("ls-remote", names=(url,), folder=tmp_path)
    assert "not allowed" in str(failed.value)


def test_nothing_of_it_stays_running(tmp_path):
    """A helper of git that does not end by itself is ended with it."""
    slow = tmp_path / "ssh"
    slow.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    slow.chmod(0o700)
    git_cli.run("init", "--bare", "--quiet", folder=tmp_path)
    way = git_cli.Access({}, {"GIT_ALLOW_PROTOCOL": "ssh", "GIT_SSH_COMMAND": str(slow), "GIT_SSH_VARIANT": "ssh"})
    with pytest.raises(GitFailed) as failed:
        git_cli.run("ls-remote", names=("ssh://git@git.example/x",), folder=tmp_path, way=way, seconds=3)
    assert failed.value.code == "timed_out"
    pid = int((tmp_path / "pid").read_text())
    ended = time.monotonic() + 60
    while is_running(pid) and time.monotonic() < ended:
        time.sleep(0.02)
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] not in "ZX"
    except OSError:
        return False


def test_an_answer_is_read_up_to_its_limit(work, repository):
    work.commit("Large", {"large.txt": "x" * 1_000_000})
    mirror.fetch(repository)
    assert (
        len(git_cli.run("cat-file", "blob", names=("main:large.txt",), folder=mirror.folder_of(repository), limit=1000))
        == 1000
    )


def test_without_git_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(git_cli, "program", lambda: None)
    with pytest.raises(GitFailed) as failed:
        git_cli.run("version", folder=tmp_path)
    assert failed.value.code == "no_git"
