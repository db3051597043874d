"""Pull requests that came of an agent's work, and accepting by merging them at the forge."""

import threading

import httpx
import pytest
from django.db import connection

from apps.accounts.models import AuditEntry
from apps.agents.models import RunPullRequest
from apps.agents.runs.actions import pull_requests
from apps.agents.runs.callbacks import results
from apps.agents.runs.pages import task_panel
from apps.agents.tests.factories import run_of
from apps.errors import Conflict, NotAllowed
from apps.projects.git import forges
from apps.projects.git.repositories import pull_request_merge
from apps.projects.git.webhooks import apply
from apps.projects.models import Event, Membership, PullRequest, Repository, Role
from apps.projects.tests.factories import RepositoryFactory
from apps.projects.tests.fake_forge import FORGES, FakeForge, FakeGitHub
from apps.tasks.actions.move import move
from apps.tasks.code import links
from apps.tasks.models import CodeLink
from apps.tasks.tests.factories import task_in

pytestmark = pytest.mark.django_db
CANARY = "CANARY-words-of-an-agent"


@pytest.fixture(params=FORGES, ids=lambda forge: forge.__name__)
def forge(request) -> FakeForge:
    return request.param("secret")


@pytest.fixture
def github() -> FakeForge:
    return FakeGitHub("secret")


def connected(board, forge, monkeypatch, **fields) -> Repository:
    """A repository whose forge answers through `forge.transport()`, which a test may change."""
    repository = RepositoryFactory(
        project=board,
        name="ship",
        url=f"https://{forge.host}/team/ship",
        forge=forge.kind,
        credential_kind="token",
        credential=forge.token,
        default_branch="main",
        **{"merging": Repository.Merging.MEMBERS, **fields},
    )
    real = forges.client_of
    monkeypatch.setattr(forges, "client_of", lambda asked: real(asked, transport=forge.transport()))
    return repository


def brought(scribe, ana, title: str = "Sell tickets"):
    """A run that was sent and has brought a result, with its task in review."""
    run = run_of(scribe, ana, title)
    about = {"teamboardRunId": str(run.pk), "sessionKey": run.gateway_session_key}
    finished = {**about, "status": "ok", "text": CANARY}
    results.receive(scribe.gateway, str(run.pk), "run.finished", finished)
    run.refresh_from_db()
    assert run.review == "waiting"
    return run


def told(repository, forge, number: int = 1) -> PullRequest:
    """What the forge knows of the request, heard by whoever listens."""
    client = forges.client_of(repository)
    apply.apply(repository, client.request(number), is_current=True)
    event = Event.objects.filter(kind="code.request").latest("seq")
    links.on_pull_request(event)
    pull_requests.on_pull_request(event)
    return repository.pull_requests.get(number=number)


@pytest.fixture
def run(board, scribe, ana, gateway, github, monkeypatch):
    """A result in review, with its pull request."""
    repository = connected(board, github, monkeypatch)
    run = brought(scribe, ana)
    github.opens(1, head=run.branch)
    told(repository, github)
    return run


def merged(forge: FakeForge) -> list[str]:
    return [line for line in forge.journal if line.endswith("/merge")]


@pytest.mark.req("GIT-6")
def test_pull_request_on_the_proposed_branch_is_the_runs(board, scribe, ana, gateway, github, monkeypatch):
    repository = connected(board, github, monkeypatch)
    run = brought(scribe, ana)
    assert run.branch == f"{run.task.key.lower()}-sell-tickets"
    assert f"Proposed branch: {run.branch}\n" in gateway.messages[0]
    for number, head in ((1, run.branch), (2, "another"), (3, f"mallory:{run.branch}")):
        github.opens(number, head=head)
        for _ in range(2):
            told(repository, github, number)
    assert list(RunPullRequest.objects.values_list("run", "pull_request__number")) == [(run.pk, 1)]
    event = Event.objects.get(kind="run.pull_request_linked")
    assert (event.task_id, event.actor, event.payload["number"]) == (run.task_id, None, 1)
    assert "<bdi>ship</bdi> #1" in task_panel.render_runs(run.task)


@pytest.mark.req("GIT-6")
def test_prompt_keeps_its_branch_when_the_task_is_renamed(board, scribe, ana, gateway, github, monkeypatch):
    repository = connected(board, github, monkeypatch)
    run = brought(scribe, ana)
    type(run.task).objects.update(title="Something else")
    github.opens(1, head=run.branch)
    told(repository, github)
    assert run.pull_request_links.count() == 1


@pytest.mark.req("GIT-6")
def test_pull_requests_show_on_the_attempts_and_in_the_api(client, run, ana):
    client.force_login(ana)
    page = client.get(run.task.get_absolute_url()).text
    assert "<bdi>ship</bdi> #1" in page
    assert f"/runs/{run.pk}/merge/" in page
    told_by_api = client.get(f"/api/v1/runs/{run.pk}/").json()
    assert told_by_api["branch"] == run.branch
    assert [(each["number"], each["state"]) for each in told_by_api["pull_requests"]] == [(1, "open")]


@pytest.mark.req("GIT-6", "G5")
def test_merge_takes_the_shown_commit_at_each_forge(client, board, columns, scribe, ana, gateway, forge, monkeypatch):
    repository = connected(board, forge, monkeypatch)
    run = brought(scribe, ana)
    forge.opens(7, head=run.branch)
    request = told(repository, forge, 7)
    client.force_login(ana)
    page = client.get(f"/runs/{run.pk}/merge/")
    assert request.head_sha in page.text
    answer = client.post(f"/runs/{run.pk}/merge/", {"sha": request.head_sha})
    assert answer.status_code == 302
    for row in (run, request, run.task):
        row.refresh_from_db()
    assert (run.review, request.state, run.task.column) == ("accepted", "merged", columns["done"])
    assert len(merged(forge)) == 1
    assert Event.objects.get(kind="run.merged").actor == ana
    assert AuditEntry.objects.get(action="request.merged").facts["sha"] == request.head_sha


@pytest.mark.req("G5")
def test_merge_sends_the_forge_no_word_of_an_agent(client, run, ana):
    PullRequest.objects.update(title=CANARY, body=CANARY, author=CANARY)
    client.force_login(ana)
    assert CANARY in client.get(run.task.get_absolute_url()).text
    page = client.get(f"/runs/{run.pk}/merge/").text
    assert CANARY not in page
    assert "<bdi>ship</bdi> #1" in page
    assert f"<code>{run.branch}</code> → <code>main</code>" in page


@pytest.mark.req("G5")
def test_merge_of_another_head_is_refused(client, run, ana, github):
    sha = run.pull_request_links.get().pull_request.head_sha
    client.force_login(ana)
    for seen in ("", "0" * 40):
        assert client.post(f"/runs/{run.pk}/merge/", {"sha": seen}).status_code == 409
    assert not merged(github)
    github.pushes(1)  # and nobody has told us yet
    answer = client.post(f"/runs/{run.pk}/merge/", {"sha": sha})
    assert answer.status_code == 409
    assert "It was not merged. The forge can’t do this now" in answer.text.replace("&#x27;", "’")
    run.refresh_from_db()
    assert run.review == "waiting"
    assert run.pull_request_links.get().pull_request.head_sha == github.pulls[1].sha, (
        "and now it is known how it stands"
    )


@pytest.mark.req("G5")
@pytest.mark.parametrize(
    ("who", "role", "status"),
    [
        ("maintainers", Role.MAINTAINER, 302),
        ("maintainers", Role.MEMBER, 403),
        ("members", Role.MEMBER, 302),
        ("members", Role.COMMENTER, 403),
        ("nobody", Role.OWNER, 409),
    ],
)
def test_merge_is_allowed_to_whom_the_maintainer_chose(client, run, ana, github, who, role, status):
    Repository.objects.update(merging=who)
    Membership.objects.filter(user=ana).update(role=role)
    client.force_login(ana)
    sha = run.pull_request_links.get().pull_request.head_sha
    assert client.post(f"/runs/{run.pk}/merge/", {"sha": sha}).status_code == status
    assert len(merged(github)) == (status == 302)


@pytest.mark.req("G5")
def test_merge_is_refused_to_programs(run, scribe, github):
    request = run.pull_request_links.get().pull_request
    with pytest.raises(NotAllowed):
        pull_request_merge.merge(request, sha=request.head_sha, by=scribe.user)
    with pytest.raises(NotAllowed):
        pull_requests.accept_and_merge(run, sha=request.head_sha, by=scribe.user)
    assert not merged(github)


@pytest.mark.req("GIT-6")
def test_merge_is_not_offered_without_one_open_linked_request(run, ana, github):
    request = run.pull_request_links.get().pull_request
    assert pull_requests.mergeable(run) == request
    for fields in ({"state": "draft"}, {"state": "closed"}, {"base_branch": "release"}):
        PullRequest.objects.update(**{"state": "open", "base_branch": "main"} | fields)
        assert pull_requests.mergeable(run) is None
    PullRequest.objects.update(state="open", base_branch="main")
    github.opens(2, head=run.branch)
    told(request.repository, github, 2)
    assert pull_requests.mergeable(run) is None
    links.unlink(CodeLink.objects.get(pull_request__number=2), by=ana)
    assert pull_requests.mergeable(run) == request


@pytest.mark.req("GIT-6")
def test_merge_asks_about_open_subtasks_first(client, run, ana, columns, github):
    task_in(columns["ready"], "A part", parent=run.task)
    client.force_login(ana)
    sha = run.pull_request_links.get().pull_request.head_sha
    asked = client.post(f"/runs/{run.pk}/merge/", {"sha": sha})
    assert asked.status_code == 422
    assert 'name="anyway"' in asked.text
    assert not merged(github)
    assert client.post(f"/runs/{run.pk}/merge/", {"sha": sha, "anyway": "1"}).status_code == 302
    assert len(merged(github)) == 1


@pytest.mark.req("GIT-6")
def test_merge_whose_answer_is_lost_is_not_repeated(client, run, ana, github, monkeypatch):
    answer = github.answer

    def lose(request: httpx.Request) -> httpx.Response:
        found = answer(request)
        if request.url.path.endswith("/merge"):
            raise httpx.ReadTimeout("lost", request=request)
        return found

    monkeypatch.setattr(github, "answer", lose)
    client.force_login(ana)
    sha = run.pull_request_links.get().pull_request.head_sha
    assert client.post(f"/runs/{run.pk}/merge/", {"sha": sha}).status_code == 302
    run.refresh_from_db()
    assert (run.review, len(merged(github))) == ("accepted", 1)


@pytest.mark.req("GIT-6")
def test_merge_without_an_answer_leaves_the_result_waiting(client, run, ana, github, monkeypatch):
    def fall_silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("silence", request=request)

    monkeypatch.setattr(github, "answer", fall_silent)
    client.force_login(ana)
    sha = run.pull_request_links.get().pull_request.head_sha
    answer = client.post(f"/runs/{run.pk}/merge/", {"sha": sha})
    assert answer.status_code == 409
    assert "Look there before you try again" in answer.text
    run.refresh_from_db()
    assert run.review == "waiting"


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("GIT-6", "G5")
def test_merge_happens_once_for_two_clicks_at_once(run, ana, github):
    sha, outcomes, together = run.pull_request_links.get().pull_request.head_sha, [], threading.Barrier(2)

    def click() -> None:
        mine = type(run).objects.with_related().get(pk=run.pk)
        together.wait()
        try:
            pull_requests.accept_and_merge(mine, sha=sha, by=ana)
            outcomes.append("accepted")
        except (Conflict, pull_request_merge.NotMerged):
            outcomes.append("refused")
        finally:
            connection.close()

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()
    assert sorted(outcomes) == ["accepted", "refused"]
    assert github.pulls[1].state == "merged"
    assert Event.objects.filter(kind="run.accepted").count() == 1


@pytest.mark.req("GIT-6")
def test_merge_is_logged_though_somebody_requested_changes(client, run, ana, github, monkeypatch):
    merge = pull_request_merge.merge

    def merge_while_somebody_decides(request: PullRequest, **how: object) -> None:
        type(run).objects.filter(pk=run.pk).update(review="changes_requested")
        merge(request, **how)

    monkeypatch.setattr(pull_request_merge, "merge", merge_while_somebody_decides)
    client.force_login(ana)
    sha = run.pull_request_links.get().pull_request.head_sha
    assert client.post(f"/runs/{run.pk}/merge/", {"sha": sha}).status_code == 409
    assert Event.objects.get(kind="run.merged").actor == ana
    assert not Event.objects.filter(kind="run.accepted").exists()


def test_merge_page_says_when_there_is_nothing_to_merge(client, run, ana):
    PullRequest.objects.update(state="closed")
    client.force_login(ana)
    answer = client.get(f"/runs/{run.pk}/merge/")
    assert answer.status_code == 409
    assert "There is no pull request here any more" in answer.text


def test_merge_goes_on_when_the_card_is_moved_meanwhile(client, run, ana, columns, github):
    move(run.task, to=columns["doing"], by=ana)
    client.force_login(ana)
    sha = run.pull_request_links.get().pull_request.head_sha
    assert client.post(f"/runs/{run.pk}/merge/", {"sha": sha}).status_code == 302
