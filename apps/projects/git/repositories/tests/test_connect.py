"""Connecting a repository, by the page and by the API, against a Git server on loopback."""

import base64
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps import outbound
from apps.accounts.models import AuditEntry
from apps.accounts.tokens import tokens
from apps.projects.git import forges
from apps.projects.git.forges import github
from apps.projects.git.forges.address import Address
from apps.projects.git.mirror import fetch, git_cli, mirror
from apps.projects.git.mirror.errors import GitFailed
from apps.projects.git.repositories import connect, urls
from apps.projects.models import Event, Repository, Role
from apps.projects.tests.factories import RepositoryFactory
from apps.projects.tests.fake_forge import FakeGitHub
from apps.projects.tests.git_server import Workshop, git

pytestmark = pytest.mark.django_db
TOKEN = "tok-canary-0123456789"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary\n-----END OPENSSH PRIVATE KEY-----"


def signed_in(membership) -> Client:
    client = Client()
    client.force_login(membership.user)
    return client


@pytest.fixture
def owner(people) -> Client:
    return signed_in(people[Role.OWNER])


def given(server, **more: str) -> dict[str, str]:
    return {"url": server.url(), "forge": "plain", "credential_kind": "none", **more}


def test_a_repository_is_connected_and_its_secret_is_shown_once(server, work, tide, owner):
    work.commit("Start")
    page = owner.post("/projects/TIDE/settings/repositories/", given(server))
    repository = tide.repositories.get()
    assert (repository.name, repository.url) == ("board", server.url())
    assert repository.webhook_secret in page.text
    assert f"/git/webhooks/{repository.uid}/" in page.text
    again = owner.get(f"/projects/TIDE/settings/repositories/{repository.pk}/")
    assert repository.webhook_secret not in again.text
    assert fetch.due() == [repository.pk]
    event = Event.objects.get(kind="repository.connected")
    assert event.payload == {"repository": repository.pk, "name": "board", "url": server.url(), "merging": "nobody"}
    assert AuditEntry.objects.filter(action="repository.connected").exists()


def test_a_credential_never_comes_out_again(server, tide, owner):
    body = given(server, credential_kind="token", credential=TOKEN)
    pages = [owner.post("/projects/TIDE/settings/repositories/", body)]
    repository = tide.repositories.get()
    address = f"/projects/TIDE/settings/repositories/{repository.pk}/"
    pages += [owner.get(address), owner.post(address, body | {"url": "no address"}), owner.get("/projects/TIDE/code/")]
    pages += [owner.post("/projects/TIDE/settings/repositories/", body)]  # twice: refused
    assert [page.status_code for page in pages] == [200, 200, 422, 302, 422]
    assert not [page for page in pages if TOKEN in page.text]
    assert TOKEN not in str(list(Event.objects.values_list("payload", flat=True)))
    assert TOKEN not in str(list(AuditEntry.objects.values_list("facts", flat=True)))


def test_an_empty_credential_keeps_the_stored_one(server, tide, owner):
    repository = RepositoryFactory(project=tide, url=server.url(), credential_kind="token", credential=TOKEN)
    address = f"/projects/TIDE/settings/repositories/{repository.pk}/"
    owner.post(address, given(server, credential_kind="token", name="Other"))
    repository.refresh_from_db()
    assert (repository.name, repository.credential) == ("Other", TOKEN)
    owner.post(address, given(server, name="Other"))
    repository.refresh_from_db()
    assert (repository.credential_kind, repository.credential) == ("none", "")


def test_another_server_never_gets_the_stored_credential(tide, owner):
    repository = RepositoryFactory(
        project=tide, url="https://git.example/a/b", credential_kind="token", credential=TOKEN
    )
    address = f"/projects/TIDE/settings/repositories/{repository.pk}/"
    body = {"url": "https://evil.example/a/b", "forge": "plain", "credential_kind": "token"}
    assert "Enter the token or the key" in owner.post(address, body).text
    repository.refresh_from_db()
    assert (repository.url, repository.credential) == ("https://git.example/a/b", TOKEN)
    owner.post(address, body | {"credential": "another"})
    repository.refresh_from_db()
    assert (repository.url, repository.credential) == ("https://evil.example/a/b", "another")


def test_at_another_address_old_commits_do_not_act(server, work, repository, owner, tmp_path):
    work.commit("Start")
    fetch.want(repository)
    fetch.fetch(repository.pk)
    Workshop.of(server.create("team/other.git"), tmp_path / "other").commit("Written long ago")
    body = given(server, url=server.url("team/other.git"))
    owner.post(f"/projects/TIDE/settings/repositories/{repository.pk}/", body)
    fetch.fetch(repository.pk)
    told = Event.objects.filter(kind="code.pushed").order_by("seq").last().payload
    assert (told["first"], told["shas"]) == (True, [])
    assert repository.commits.filter(message="Written long ago").exists()


@pytest.mark.req("FLT-24")
@pytest.mark.parametrize(("is_moved", "kept"), [(True, [None, "", ""]), (False, ["then", "what was there", ""])])
def test_what_was_read_while_the_address_changed_is_forgotten_with_it(repository, people, monkeypatch, is_moved, kept):
    """A worker fetches without the project's lock, and may be done after the row was read for the change."""
    then = timezone.now()
    check = connect._check_credential

    def fetched_meanwhile(*args) -> None:
        read = {"fetched_at": then, "fingerprint": "what was there", "host_keys": "the former host's"}
        Repository.objects.filter(pk=repository.pk).update(**read)
        check(*args)

    monkeypatch.setattr(connect, "_check_credential", fetched_meanwhile)
    url = "https://git.example/another.git" if is_moved else repository.url
    connect.change(repository, url=url, by=people[Role.OWNER].user)
    repository.refresh_from_db()
    found = [repository.fetched_at, repository.fingerprint, repository.host_keys]
    assert found == [then if value == "then" else value for value in kept]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"url": "file:///etc"}, "Only repositories by https or ssh"),
        ({"credential_kind": "token"}, "Enter the token or the key"),
        ({"credential_kind": "key", "credential": KEY}, "A deploy key opens addresses by ssh"),
        ({"url": "git@git.example:a.git", "credential_kind": "token", "credential": "x"}, "opened with a deploy key"),
        ({"url": "git@git.example:a.git"}, "opened with a deploy key"),
        ({"credential_kind": "token", "credential": "a\r\nX-Evil: b"}, "a single line"),
        ({"forge": "sourceforge"}, "field__error"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(server, tide, owner, body, said):
    page = owner.post("/projects/TIDE/settings/repositories/", given(server, **body))
    assert page.status_code == 422
    assert said in page.text
    assert not tide.repositories.exists()


def test_the_same_repository_is_connected_once(server, tide, owner):
    RepositoryFactory(project=tide, url=server.url())
    page = owner.post("/projects/TIDE/settings/repositories/", given(server))
    assert "already has a repository" in page.text
    assert tide.repositories.count() == 1


def test_only_those_who_manage_may_connect(server, tide, people):
    for role in (Role.VIEWER, Role.MEMBER):
        assert signed_in(people[role]).post("/projects/TIDE/settings/repositories/", given(server)).status_code == 403
    assert not tide.repositories.exists()


def finding_of(owner: Client, repository: Repository) -> str:
    return owner.post(f"/projects/TIDE/settings/repositories/{repository.pk}/test/").text


def test_a_test_says_what_is_there(work, repository, owner):
    assert "The repository is empty." in finding_of(owner, repository)
    work.commit("Start")
    work.commit("Try", branch="try")
    assert "There are 2 branches; the default is main." in finding_of(owner, repository)


def test_a_test_asks_the_forge_as_well(work, repository, owner, monkeypatch):
    work.commit("Start")
    Repository.objects.update(forge="github")
    forge = FakeGitHub("secret")
    client = github.Client(Address("git.example", "https://git.example", "team/ship"), "wrong")
    client.api.base, client.api.transport = f"https://git.example{forge.root}", forge.transport()
    monkeypatch.setattr(forges, "client_of", lambda repository: client)
    assert "There is 1 branch; the default is main. The forge does not accept the token" in finding_of(
        owner, repository
    )
    client.api.headers["Authorization"] = f"Bearer {forge.token}"
    assert "does not accept" not in finding_of(owner, repository)


def test_a_secret_is_a_signing_token_too(repository):
    secret = connect.new_secret()
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32


def test_a_test_says_in_words_what_is_wrong(server, work, repository, owner, settings):
    server.token = TOKEN
    assert "The server wants another token or key" in finding_of(owner, repository)
    server.token = ""
    Repository.objects.update(url=server.url("team/none.git"))
    assert "There is no repository at that address" in finding_of(owner, repository)
    Repository.objects.update(url="http://127.0.0.1:1/a.git")
    assert "The server can&#x27;t be reached" in finding_of(owner, repository)
    Repository.objects.update(url="https://nobody.invalid/a.git")
    assert "No server goes by that name" in finding_of(owner, repository)
    settings.OUTBOUND_ALLOWED_HOSTS = []
    Repository.objects.update(url=server.url())
    allowed = server.url().split("/")[2]
    assert f"inside a private network or at an unusual port. An administrator can allow it by adding {allowed}" in (
        finding_of(owner, repository)
    )


@pytest.mark.req("FLT-42")
def test_connection_test_fails_where_the_fetch_fails(server, repository, owner, tmp_path):
    folder = server.root / "team/sha256.git"
    folder.mkdir(parents=True)
    git("init", "--bare", "--quiet", "--object-format=sha256", "--initial-branch=main", folder=folder)
    clone = tmp_path / "sha256"
    git("init", "--quiet", "--object-format=sha256", str(clone), folder=tmp_path)
    git("commit", "--quiet", "--allow-empty", "-m", "Start", folder=clone)
    git("push", "--quiet", str(folder), "HEAD:refs/heads/main", folder=clone)
    Repository.objects.update(url=server.url("team/sha256.git"))
    said = "The repository names its commits by SHA-256"
    assert said in finding_of(owner, repository)
    fetch.want(repository)
    fetch.fetch(repository.pk)
    repository.refresh_from_db()
    assert repository.trouble.startswith(said)


@pytest.mark.req("FLT-42")
def test_connection_test_counts_tags_as_the_fetch_does(work, repository, owner, monkeypatch):
    work.commit("Start")
    for number in range(3):
        git("tag", f"v{number}", folder=work.folder)
    work.push("--tags")
    monkeypatch.setattr(mirror, "MOST_REFS", 3)
    assert "more than 3 branches and tags" in finding_of(owner, repository)


@pytest.mark.req("FLT-42")
def test_connection_test_leaves_nothing_and_waits_no_longer(work, repository, owner, settings, monkeypatch):
    work.commit("Start")
    run = git_cli.run

    def slow_fetch(command: str, *arguments: str, **more: object) -> bytes:
        if command == "fetch":
            raise GitFailed("timed_out")
        return run(command, *arguments, **more)

    monkeypatch.setattr(git_cli, "run", slow_fetch)
    assert "There is 1 branch; the default is main." in finding_of(owner, repository)
    assert list(settings.GIT_FOLDER.iterdir()) == []


@pytest.mark.req("FLT-42")
@pytest.mark.parametrize("name", ["My Project/board.git", "team/c++.git", "команда/доска.git"])
def test_repository_of_unusual_name_is_fetched(server, owner, tide, tmp_path, name):
    Workshop.of(server.create(name), tmp_path / "work").commit("Start")
    server.token = TOKEN
    body = given(server, url=server.url(name), credential_kind="token", credential=TOKEN)
    assert owner.post("/projects/TIDE/settings/repositories/", body).status_code == 200
    repository = tide.repositories.get()
    assert repository.name == name.rpartition("/")[2].removesuffix(".git")
    assert "There is 1 branch; the default is main." in finding_of(owner, repository)
    fetch.fetch(repository.pk)
    assert [commit.message for commit in repository.commits.all()] == ["Start"]


def test_without_git_the_pages_say_so(repository, owner, monkeypatch):
    monkeypatch.setattr(git_cli, "program", lambda: None)
    assert "The program git is not installed" in owner.get("/projects/TIDE/settings/repositories/").text
    assert "The program git is not installed" in finding_of(owner, repository)
    assert owner.get(f"/projects/TIDE/code/{repository.pk}/branches/").status_code == 200


@pytest.mark.req("W1")
def test_a_new_secret_leaves_the_former_one_a_day(repository, owner, people, monkeypatch):
    former = repository.webhook_secret
    page = owner.post(f"/projects/TIDE/settings/repositories/{repository.pk}/rotate/")
    repository.refresh_from_db()
    assert repository.webhook_secret in page.text
    assert former not in page.text
    assert repository.valid_webhook_secrets == [repository.webhook_secret, former]
    repository.previous_webhook_secret_until -= connect.PREVIOUS_SECRET_IS_VALID
    assert repository.valid_webhook_secrets == [repository.webhook_secret]


def test_a_removed_repository_leaves_nothing(work, repository, owner, django_capture_on_commit_callbacks):
    work.commit("Start")
    mirror.fetch(repository)
    assert "Remove repository" in owner.get(f"/projects/TIDE/settings/repositories/{repository.pk}/remove/").text
    with django_capture_on_commit_callbacks(execute=True):
        owner.post(f"/projects/TIDE/settings/repositories/{repository.pk}/remove/")
    assert not Repository.objects.exists()
    assert not mirror.folder_of(repository).exists()


@pytest.mark.parametrize(
    ("url", "forge"),
    [
        ("https://github.com/team/board", "github"),
        ("git@github.com:team/board.git", "github"),
        ("https://gitlab.com/team/board", "gitlab"),
        ("https://codeberg.org/team/board", "gitea"),
        ("ssh://git@git.example/board", "plain"),
    ],
)
def test_a_known_host_says_what_forge_it_is(url, forge):
    assert connect.forge_of(urls.parsed(url)) == forge


@pytest.mark.parametrize(
    ("answers", "forge"), [("/api/v4/version", "gitlab"), ("/api/v1/version", "gitea"), ("", "plain")]
)
def test_another_host_is_asked_what_it_is(monkeypatch, answers, forge):
    async def request(_method: str, url: str, **_more: object) -> outbound.Answer:
        is_there = bool(answers) and url.endswith(answers)
        headers = {"Content-Type": "application/json"} if is_there else {"Content-Type": "text/html"}
        return outbound.Answer(200 if is_there else 404, outbound.httpx.Headers(headers), b"{}")

    monkeypatch.setattr(outbound, "request", request)
    assert connect.forge_of(urls.parsed("https://git.example/team/board")) == forge


def test_programs_connect_read_change_and_remove(server, work, tide, people):
    work.commit("Start")
    person = people[Role.OWNER].user
    tomorrow = timezone.now() + timedelta(days=1)
    token = tokens.issue(person, name="CI", scope="write", expires_at=tomorrow, only_projects=None, by=person)[1]
    client = Client(headers={"Authorization": f"Bearer {token}"})
    as_json = {"content_type": "application/json"}
    made = client.post(
        "/api/v1/projects/TIDE/repositories/", given(server, credential_kind="token", credential=TOKEN), **as_json
    )
    assert made.status_code == 201
    repository = Repository.objects.get()
    assert made.json()["webhook_secret"] == repository.webhook_secret
    assert made.json()["webhook_url"].endswith(f"/git/webhooks/{repository.uid}/")
    fetch.fetch(repository.pk)
    address = f"/api/v1/repositories/{repository.pk}/"
    answers = [client.get(each) for each in (address, "/api/v1/projects/TIDE/repositories/")]
    assert answers[0].json()["default_branch"] == "main"
    assert not [each for each in (made, *answers) if TOKEN in each.text]
    assert not [each for each in answers if repository.webhook_secret in each.text]
    assert [each["name"] for each in client.get(f"{address}branches/").json()["results"]] == ["main"]
    assert [each["message"] for each in client.get(f"{address}commits/").json()["results"]] == ["Start"]
    assert client.patch(address, {"name": "Other"}, **as_json).json()["name"] == "Other"
    assert client.patch(address, {"url": "ext::id"}, **as_json).status_code == 400
    assert client.delete(address).status_code == 204
    assert not Repository.objects.exists()
