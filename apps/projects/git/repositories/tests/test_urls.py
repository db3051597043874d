import pytest

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
    "https://git.example/a%20b",
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
    "https://git.example/ä",
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
