import re

import pytest

from apps.projects.git.mirror import git_cli
from apps.projects.git.mirror.errors import (
    REASONS,
    GitFailed,
    failure_in,
    sentence,
)
from apps.projects.git.repositories.credentials import ssh_command
from apps.projects.git.repositories.urls import BadAddress, parsed

GOOD = {
    "https://github.com/team/board": "https://github.com/team/board",
    "https://github.com/team/board.git": "https://github.com/team/board.git",
    " https://GitHub.com/team/board/ ": "https://github.com/team/board",
    "https://git.example:8443/team/board.git": "https://git.example:8443/team/board.git",
    "https://git.example:443/a": "https://git.example/a",
    "https://gitlab.example/group/sub-group/board_2.git": "https://gitlab.example/group/sub-group/board_2.git",
    "https://[2001:db8::1]/a.git": "https://[2001:db8::1]/a.git",
    "https://git.example/~ana/board": "https://git.example/~ana/board",
    "ssh://git@git.example/team/board.git": "ssh://git@git.example/team/board.git",
    "ssh://git.example:2222/team/board": "ssh://git@git.example:2222/team/board",
    "git@github.com:team/board.git": "ssh://git@github.com/team/board.git",
    "gitea@git.example:/srv/board.git": "ssh://gitea@git.example/srv/board.git",
    "https://git.example/a%20b": "https://git.example/a%20b",
    "https://dev.azure.com/tide/My%20Project/_git/My%20Board": "https://dev.azure.com/tide/My%20Project/_git/My%20Board",
    "https://git.example/team/c++": "https://git.example/team/c++",
    "https://git.example/+team/c%2B%2b": "https://git.example/+team/c++",
    "https://git.example/ä": "https://git.example/%C3%A4",
    "https://git.example/%c3%a4": "https://git.example/%C3%A4",
    "https://git.example/команда/доска.git": "https://git.example/%D0%BA%D0%BE%D0%BC%D0%B0%D0%BD%D0%B4%D0%B0/%D0%B4%D0%BE%D1%81%D0%BA%D0%B0.git",
    "https://git.example/第一/看板.git": "https://git.example/%E7%AC%AC%E4%B8%80/%E7%9C%8B%E6%9D%BF.git",
    "https://git.example/R%26D/Ana%27s%20%28old%29": "https://git.example/R%26D/Ana%27s%20%28old%29",
    "https://git.example/100%25/board": "https://git.example/100%25/board",
    "https://git.example/~first.last/board": "https://git.example/~first.last/board",
    "ssh://first.last@git.example:29418/a/board": "ssh://first.last@git.example:29418/a/board",
    "ssh://git@git.example/My%20Project/board": "ssh://git@git.example/My%20Project/board",
    "first.last@git.example:team/board.git": "ssh://first.last@git.example/team/board.git",
    "git@ssh.dev.azure.com:v3/tide/My%20Project/board": "ssh://git@ssh.dev.azure.com/v3/tide/My%2520Project/board",
    "git@git.example:команда/доска.git": "ssh://git@git.example/%D0%BA%D0%BE%D0%BC%D0%B0%D0%BD%D0%B4%D0%B0/%D0%B4%D0%BE%D1%81%D0%BA%D0%B0.git",
}

BAD = [
    "",
    "-",
    "--upload-pack=touch /tmp/x",
    "-oProxyCommand=touch /tmp/x",
    "--config=core.sshCommand=id",
    "-c core.sshCommand=id",
    "ext::sh -c touch% /tmp/x",
    "ext::sh",
    "EXT::sh -c id",
    "fd::17",
    "file:///etc",
    "file://localhost/srv/git",
    "/srv/git/board.git",
    "./board.git",
    "../board.git",
    "~/board.git",
    "board",
    "C:\\git\\board",
    "\\\\server\\share",
    "git://git.example/board",
    "git+ssh://git@git.example/board",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/x",
    "ftp://git.example/board",
    "ftps://git.example/board",
    "gopher://git.example/board",
    "dict://127.0.0.1:11211/stat",
    "rsync://git.example/board",
    "svn::https://git.example/board",
    "transport::address",
    "javascript:alert(1)",
    "https:/git.example/board",
    "https:///board",
    "https://",
    "https://git.example",
    "https://git.example/",
    "https://ana:secret@git.example/board",
    "https://token@git.example/board",
    "https://git.example@127.0.0.1/board",
    "https://-oProxyCommand=id/board",
    "https://git.example:0/board",
    "https://git.example:99999/board",
    "https://git.example:22:80/board",
    "https://git.example:port/board",
    "https://git.example/--upload-pack=x",
    "https://git.example/team/-x",
    "https://git.example/../../etc/passwd",
    "https://git.example/team/../../x",
    "https://git.example/./x",
    "https://git.example//x",
    "https://git.example/a b",
    "https://git.example/a%00b",
    "https://git.example/a\nb",
    "https://git.example/a\x00b",
    "https://git.example/a\r\nHost: x",
    "https://git.example/a?service=git-upload-pack",
    "https://git.example/a#fragment",
    "https://git.example/a;id",
    "https://git.example/$(id)",
    "https://git.example/`id`",
    "https://git.example/a'b",
    'https://git.example/a"b',
    "https://git.example/a|b",
    "https://git.example/a&b",
    "https://git.example/a>b",
    "https://git.example/*",
    "https://git.example/a\\b",
    "https://g\u0131t.example/a",
    "https://git\u3002example/a",
    "https://[::1/a",
    "https://[fe80::1%25eth0]/a",
    "https://" + "a" * 600 + "/b",
    "ssh://-oProxyCommand=id/board",
    "ssh://-oProxyCommand=id@git.example/board",
    "ssh://git@-oProxyCommand=id/board",
    "ssh://git@git.example:-22/board",
    "ssh://git:secret@git.example/board",
    "ssh://git@git.example/$(id)",
    "ssh://git@git.example/a b",
    "ssh://git@git.example",
    "-x@git.example:board",
    "git@-oProxyCommand=id:board",
    "git@git.example:-board",
    "git@git.example:a;id",
    "https://git.example/a%2Fb",
    "https://git.example/%2e%2e/x",
    "https://git.example/%2E/x",
    "https://git.example/a%0Ab",
    "https://git.example/a%0d%0aHost:x",
    "https://git.example/%2Dx",
    "https://git.example/%20x",
    "https://git.example/a%5Cb",
    "https://git.example/%24%28id%29",
    "https://git.example/%60id%60",
    "https://git.example/a%22b",
    "https://git.example/a%3Bid",
    "https://git.example/a%7Cid",
    "https://git.example/a%ff",
    "https://git.example/a%",
    "https://git.example/a%2",
    "https://git.example/a%zz",
    "https://git.example/a\u202eb",
    "https://git.example/a%E2%80%AEb",
    "https://git.example/a\u200bb",
    "https://git.example/a\u00a0b",
    "https://git.example/" + "ä" * 200,
    "ssh://git@git.example/%2e%2e/x",
    "ssh://-x.y@git.example/board",
    "git@git.example:a\u202eb",
    "git@git.example:../x",
    "git@git.example:",
    "git@[::1]:board",
    "git;id@git.example:board",
    "$(id)@git.example:board",
]


@pytest.mark.req("X5")
@pytest.mark.parametrize(("text", "spelled"), GOOD.items())
def test_an_address_has_one_spelling(text, spelled):
    assert str(parsed(text)) == spelled
    assert str(parsed(spelled)) == spelled


@pytest.mark.req("X5")
@pytest.mark.parametrize("text", BAD)
def test_no_other_address_is_taken(text):
    with pytest.raises(BadAddress):
        parsed(text)


PAGES = [
    "https://github.com/team",
    "https://github.com/team/board/tree/main",
    "https://github.com/team/board/pull/12",
    "https://github.com/team/board/pulls",
    "https://github.com/team/board.git/tree",
    "https://github.com/orgs/team",
    "https://github.com/settings/tokens",
    "https://codeberg.org/team/board/src/branch/main",
    "https://codeberg.org/team",
    "https://bitbucket.org/team/board/src/main/",
    "https://gitlab.com/team",
    "https://gitlab.com/team/board/-/tree/main",
    "https://gitlab.example/team/board/-/merge_requests/1",
    "https://git.example/team/board/issues/3",
    "https://git.example/team/board/commits/branch/main",
    "https://git.example/pub/scm/git/git.git/tree",
    "https://dev.azure.com/tide/My%20Project",
    "https://dev.azure.com/tide/My%20Project/_git/board/pullrequests",
]
NO_PAGES = [
    "https://github.com/tree/issues",
    "https://gitlab.com/group/sub/board",
    "https://git.example/board",
    "https://git.example/srv/git/src/board.git",
    "https://git.example/team/board/wiki.git",
    "https://git.example/group/tree/board",
    "https://bitbucket.example/scm/~first.last/board.git",
]


@pytest.mark.req("FLT-42")
@pytest.mark.parametrize("text", PAGES)
def test_address_of_web_page_is_refused(text):
    with pytest.raises(BadAddress, match=r"page of the forge|forge shows it for cloning"):
        parsed(text)


@pytest.mark.req("FLT-42")
@pytest.mark.parametrize("text", NO_PAGES)
def test_address_like_a_page_is_still_taken(text):
    assert str(parsed(text)) == text


@pytest.mark.req("FLT-42")
@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("ssh://first.last@git.example/My%20Project/b%C3%B6+rd.git", "/My Project/bö+rd.git"),
        ("git@git.example:v3/tide/My%20Project/board", "/v3/tide/My%20Project/board"),
        ("git@git.example:команда/доска.git", "/команда/доска.git"),
    ],
)
def test_address_by_ssh_sends_the_path_that_is_meant(tmp_path, text, sent):
    asked = tmp_path / "asked"
    fake = tmp_path / "ssh"
    fake.write_text(f'#!/bin/sh\nprintf %s "$*" > {asked}\nexit 1\n')
    fake.chmod(0o700)
    way = git_cli.Access({}, {"GIT_ALLOW_PROTOCOL": "ssh", "GIT_SSH_COMMAND": str(fake), "GIT_SSH_VARIANT": "ssh"})
    with pytest.raises(GitFailed):
        git_cli.run("ls-remote", names=(str(parsed(text)),), folder=tmp_path, way=way)
    assert asked.read_text().endswith(f"git-upload-pack '{sent}'")


@pytest.mark.req("X5")
def test_plain_http_is_for_whom_the_operator_allows(settings):
    settings.GIT_PLAIN_HTTP = False
    with pytest.raises(BadAddress, match="Use https"):
        parsed("http://git.example/board")
    settings.GIT_PLAIN_HTTP = True
    assert str(parsed("http://git.example/board")) == "http://git.example/board"


def test_a_refusal_says_what_to_write_instead():
    said = {}
    for text in ("https://ana:secret@git.example/b", "file:///srv/b", "board"):
        with pytest.raises(BadAddress) as refused:
            parsed(text)
        said[text] = str(refused.value.message)
    assert len(set(said.values())) == 3
    assert not [words for words in said.values() if "secret" in words]


@pytest.mark.req("X5")
@pytest.mark.req("W7")
@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/a",
        "https://localhost/a",
        "https://10.0.0.1/a",
        "https://192.168.1.1/a",
        "https://172.16.0.1/a",
        "https://169.254.169.254/latest",
        "https://100.64.0.1/a",
        "https://0.0.0.0/a",
        "https://[::1]/a",
        "https://[::ffff:127.0.0.1]/a",
        "https://[64:ff9b::7f00:1]/a",
        "https://[2002:7f00:1::]/a",
        "https://[fd00::1]/a",
        "https://[fe80::1]/a",
        "https://2130706433/a",
        "https://0x7f000001/a",
        "https://017700000001/a",
        "https://127.1/a",
        "ssh://git@127.0.0.1/a",
        "ssh://git@[::1]/a",
        "https://8.8.8.8:22/a",
        "https://8.8.8.8:8080/a",
        "ssh://git@8.8.8.8:443/a",
    ],
)
def test_private_addresses_and_unusual_ports_are_refused(settings, url):
    settings.OUTBOUND_ALLOWED_HOSTS = []
    with pytest.raises(GitFailed) as failed:
        parsed(url).checked()
    assert failed.value.code in {"private_address", "unknown_name"}


@pytest.mark.req("FLT-2")
@pytest.mark.parametrize(
    ("url", "value"),
    [
        ("ssh://git@[::1]/a", "[::1]:22"),
        ("https://127.0.0.1/a", "127.0.0.1:443"),
        ("https://8.8.8.8:8080/a", "8.8.8.8:8080"),
    ],
)
def test_refusal_names_the_value_that_would_allow_it(settings, url, value):
    settings.OUTBOUND_ALLOWED_HOSTS = []
    with pytest.raises(GitFailed, match=re.escape(f"adding {value} to OUTBOUND_ALLOWED_HOSTS")):
        parsed(url).checked()
    settings.OUTBOUND_ALLOWED_HOSTS = [value]
    assert parsed(url).checked()


@pytest.mark.req("FLT-2")
def test_refusal_stored_before_it_named_a_value_is_still_a_sentence():
    assert "adding host:port to OUTBOUND_ALLOWED_HOSTS" in sentence("private_address", {})


def test_what_the_operator_listed_is_let_through(settings):
    settings.OUTBOUND_ALLOWED_HOSTS = ["10.0.0.0/8", "127.0.0.1:2222"]
    assert parsed("https://10.1.2.3:8443/a").checked() == ["10.1.2.3"]
    assert parsed("ssh://git@127.0.0.1:2222/a").checked() == ["127.0.0.1"]
    with pytest.raises(GitFailed):
        parsed("ssh://git@127.0.0.1/a").checked()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("fatal: Authentication failed for 'https://git.example/a/'", "unauthorized"),
        ("fatal: could not read Username for 'https://x': terminal prompts disabled", "unauthorized"),
        ("git@git.example: Permission denied (publickey).\nfatal: Could not read from remote.", "unauthorized"),
        ("fatal: unable to access 'x': The requested URL returned error: 403", "unauthorized"),
        ("fatal: repository 'https://git.example/a/' not found", "not_found"),
        ("fatal: unable to access 'x': The requested URL returned error: 302", "redirected"),
        ("fatal: unable to access 'x': SSL certificate problem: self-signed", "certificate"),
        ("fatal: unable to access 'x': Could not resolve host: x", "unknown_name"),
        ("fatal: unable to access 'x': Failed to connect to x port 443", "unreachable"),
        ("fatal: unable to access 'x': The requested URL returned error: 502", "unreachable"),
        ("ssh: connect to host x port 22: Connection timed out", "timed_out"),
        ("@  WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!  @\nHost key verification failed.", "host_key"),
        ("error: something\nfatal: bad object \x1b[31m https://u:secret@x/ HEAD", "broken"),
        ("", "broken"),
    ],
)
def test_what_git_says_is_put_into_words(said, code):
    failed = failure_in(said.encode())
    assert failed.code == code
    assert "secret" not in str(failed)
    assert "\x1b" not in str(failed)


def test_each_reason_is_a_sentence():
    facts = {"megabytes": 500, "most": 10_000, "said": "x"}
    assert [code for code in REASONS if len(sentence(code, facts)) < 10] == []


@pytest.mark.req("X5")
def test_ssh_uses_checked_address_one_key_and_no_config(tmp_path):
    address = parsed("git@git.example:team/board.git")
    command = ssh_command(tmp_path / "a key", tmp_path / "hosts", address, "203.0.113.7", is_known=True)
    assert command.startswith(f"ssh -F /dev/null -i '{tmp_path}/a key' -o IdentitiesOnly=yes -o BatchMode=yes")
    for option in (
        "HostName=203.0.113.7",
        "HostKeyAlias=git.example",
        "StrictHostKeyChecking=yes",
        "ProxyCommand=none",
    ):
        assert f"-o {option}" in command
