"""Deploy keys as a browser, a program and the row of an older board bring them; ssh-keygen itself is the judge."""

import subprocess
from pathlib import Path

import pytest
from django.test import Client

from apps.projects.git.mirror.errors import REASONS
from apps.projects.git.repositories import connect, credentials, deploy_keys
from apps.projects.git.repositories.connect import WrongCredential
from apps.projects.models import Role
from apps.projects.tests.factories import RepositoryFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-40")]
URL = "git@git.example:team/board.git"


def generated(folder: Path, *options: str, passphrase: str = "") -> Path:
    path = folder / "key"
    subprocess.run(["ssh-keygen", "-q", *options, "-N", passphrase, "-f", path], check=True, capture_output=True)
    return path


def is_read_by_ssh(path: Path) -> bool:
    return subprocess.run(["ssh-keygen", "-y", "-P", "", "-f", path], capture_output=True, check=False).returncode == 0


@pytest.fixture
def key(tmp_path) -> str:
    return generated(tmp_path, "-t", "ed25519").read_text()


@pytest.fixture
def owner(people) -> Client:
    client = Client()
    client.force_login(people[Role.OWNER].user)
    return client


PASTES = {
    "as it is": lambda key: key,
    "CRLF, as every browser sends": lambda key: key.replace("\n", "\r\n"),
    "CR alone": lambda key: key.replace("\n", "\r"),
    "indented": lambda key: key.replace("\n", "\n    "),
    "spaces at the ends of lines": lambda key: key.replace("\n", " \t\n"),
    "without the last line break": lambda key: key.strip(),
    "with a byte order mark": lambda key: f"\ufeff{key}",
    "blank lines around": lambda key: f"\r\n\r\n{key}\r\n\r\n",
}


@pytest.mark.parametrize("paste", PASTES.values(), ids=PASTES)
@pytest.mark.parametrize("door", ["page", "settings", "api", "stored"])
def test_deploy_key_reaches_ssh_as_it_reads_keys(tide, owner, people, key, paste, door, monkeypatch):
    given = {"url": URL, "forge": "plain", "credential_kind": "key", "credential": paste(key)}
    if door in ("settings", "stored"):
        former = paste(key) if door == "stored" else key.replace("A", "B")
        repository = RepositoryFactory(project=tide, url=URL, credential_kind="key", credential=former)
        if door == "settings":
            answer = owner.post(f"/projects/TIDE/settings/repositories/{repository.pk}/", given)
            assert answer.status_code == 302, answer.text
    elif door == "page":
        assert owner.post("/projects/TIDE/settings/repositories/", given).status_code == 200
    else:
        connect.connect(tide, **given, by=people[Role.OWNER].user)
    repository = tide.repositories.get()
    monkeypatch.setattr("apps.projects.git.repositories.urls.Address.checked", lambda self: ["203.0.113.7"])
    with credentials.access_to(repository) as access:
        written = Path(access.environment["GIT_SSH_COMMAND"].split(" -i ")[1].split()[0])
        assert is_read_by_ssh(written)
        assert written.read_text() == key


@pytest.mark.parametrize(
    ("options", "suffix", "said"),
    [
        (["-t", "ed25519"], ".pub", "This is the public half of the key"),
        (["-t", "rsa", "-b", "2048"], ".pub", "This is the public half of the key"),
        (["-t", "ecdsa"], ".pub", "This is the public half of the key"),
        (["-t", "ed25519"], "", "This key has a passphrase"),
        (["-t", "rsa", "-b", "2048", "-m", "PEM"], "", "This key has a passphrase"),
        (["-t", "rsa", "-b", "2048", "-m", "PKCS8"], "", "This key has a passphrase"),
    ],
)
def test_deploy_key_that_opens_nothing_is_named(tmp_path, tide, owner, options, suffix, said):
    pasted = Path(f"{generated(tmp_path, *options, passphrase='long enough')}{suffix}").read_text()
    given = {"url": URL, "forge": "plain", "credential_kind": "key", "credential": pasted.replace("\n", "\r\n")}
    page = owner.post("/projects/TIDE/settings/repositories/", given)
    assert page.status_code == 422
    assert said in page.text
    assert not tide.repositories.exists()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda key: "gho_0123456789", deploy_keys.IS_NO_KEY),
        (lambda key: key[:200], deploy_keys.IS_NO_KEY),
        (lambda key: key.replace("\n", " "), deploy_keys.IS_NO_KEY),
        (lambda key: key.replace("b3BlbnNzaC1rZXk", "b3BlbnNzaC1rZXj"), deploy_keys.IS_NO_KEY),
        (lambda key: "-----BEGIN OPENSSH PRIVATE KEY-----", deploy_keys.IS_NO_KEY),
        (lambda key: "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", deploy_keys.IS_PUTTY),
        (lambda key: "-----BEGIN PUBLIC KEY-----\nMCowBQ\n-----END PUBLIC KEY-----", deploy_keys.IS_PUBLIC),
        (lambda key: "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA", deploy_keys.IS_PUBLIC),
    ],
)
def test_deploy_key_that_ssh_cannot_read_is_refused(tide, people, key, spoil, said):
    repository = RepositoryFactory(project=tide, url=URL, credential_kind="key", credential=key)
    with pytest.raises(WrongCredential) as refused:
        connect.change(repository, credential=spoil(key), by=people[Role.OWNER].user)
    assert str(refused.value.message) == said
    repository.refresh_from_db()
    assert repository.credential == key


def test_deploy_key_without_ssh_says_what_is_missing(key, monkeypatch):
    monkeypatch.setattr(deploy_keys.shutil, "which", lambda name: None)
    assert deploy_keys.problem_of(key) == str(REASONS["no_ssh"])


def test_deploy_key_check_gives_up_in_time(key, monkeypatch):
    monkeypatch.setattr(deploy_keys, "SECONDS", 0)
    assert deploy_keys.problem_of(key) == deploy_keys.IS_NO_KEY


def test_deploy_key_of_others_starts_no_program(tide, people, key, monkeypatch):
    monkeypatch.setattr(deploy_keys.subprocess, "run", lambda *_args, **_more: pytest.fail("a program was started"))
    repository = RepositoryFactory(project=tide, url=URL, credential_kind="key", credential=key)
    with pytest.raises(connect.permissions.NotAllowed):
        connect.change(repository, credential=key, by=people[Role.MEMBER].user)
