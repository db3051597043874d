"""What deliveries never told is read from the forge: afterwards all stands as if none had been lost."""

import random
from functools import partial

import httpx
import pytest

from apps import job_queue
from apps.projects.git import forges
from apps.projects.git.forges import ForgeError
from apps.projects.git.forges.address import Address, address_of
from apps.projects.git.webhooks import resync
from apps.projects.git.webhooks.tests.test_deliveries import (
    SECRET,
    deliver_all,
    repository_of,
    standing,
)
from apps.projects.models import Event, Project, PullRequest
from apps.projects.tests.fake_forge import FORGES, FakeForge, FakeGitHub

pytestmark = pytest.mark.django_db


@pytest.fixture(params=FORGES, ids=lambda forge: forge.__name__)
def forge(request) -> FakeForge:
    return request.param(SECRET)


def hundred_deliveries(forge: FakeForge, chance: random.Random) -> None:
    """Requests opened, worked on, reviewed, checked, merged and closed, until there are a hundred deliveries."""
    number = 0
    while len(forge.deliveries) < 100:
        open_ones = [pull.number for pull in forge.pulls.values() if pull.state == "open"]
        if len(open_ones) < 4:
            number += 1
            forge.opens(number, draft=chance.random() < 0.5)
            continue
        one = chance.choice(open_ones)
        sha, who = forge.pulls[one].sha, chance.choice(["ben", "cy"])
        happening = [
            partial(forge.readies, one),
            partial(forge.pushes, one),
            partial(forge.renames, one, f"Change {one}, better"),
            partial(forge.reviews, one, who, chance.choice(["approved", "changes"])),
            partial(forge.says, sha, chance.choice(["tests", "lint"]), "pending"),
            partial(forge.says, sha, "tests", chance.choice(["passed", "failed"])),
            partial(forge.merges, one),
            partial(forge.closes, one),
        ]
        chance.choice(happening)()


@pytest.mark.req("W3")
@pytest.mark.req("GIT-7")
@pytest.mark.parametrize("seed", range(3))
def test_with_twenty_of_a_hundred_lost_it_ends_as_with_all(tide, forge, seed):
    chance = random.Random(seed)
    hundred_deliveries(forge, chance)
    whole, lossy = repository_of(tide, forge), repository_of(Project.objects.create(name="Lossy", key="LOSS"), forge)
    deliver_all(whole, forge.deliveries)
    arriving = set(chance.sample(range(100), 80))
    deliver_all(lossy, [each for n, each in enumerate(forge.deliveries) if n in arriving])
    assert standing(lossy) != standing(whole)
    assert resync.resync(lossy, transport=forge.transport()) > 0
    assert on_heads(lossy, forge) == on_heads(whole, forge)
    assert lossy.resync_error == ""


def on_heads(repository, forge) -> tuple[list, list]:
    """Checks of commits that no request ends in any more are nobody's business."""
    requests, checks = standing(repository)
    heads = {pull.sha for pull in forge.pulls.values()}
    return requests, [check for check in checks if check[0] in heads]


@pytest.mark.req("W3")
def test_resync_twice_changes_nothing_more(tide, forge):
    hundred_deliveries(forge, random.Random(7))
    repository = repository_of(tide, forge)
    assert resync.resync(repository, transport=forge.transport()) > 0
    before = standing(repository), Event.objects.count()
    resync.resync(repository, transport=forge.transport())
    assert (standing(repository), Event.objects.count()) == before


@pytest.mark.req("W3")
def test_late_deliveries_after_it_change_nothing(tide, forge):
    hundred_deliveries(forge, random.Random(8))
    repository = repository_of(tide, forge)
    resync.resync(repository, transport=forge.transport())
    before = on_heads(repository, forge)
    deliver_all(repository, forge.deliveries)
    assert on_heads(repository, forge) == before


def test_a_lost_review_is_found_behind_a_later_delivery(tide, forge):
    repository = repository_of(tide, forge)
    forge.opens(1)
    forge.reviews(1, "ben", "changes")
    forge.renames(1, "Better")
    told = [forge.deliveries[0], forge.deliveries[2]]
    if forge.kind == "gitlab":
        told = told[:1]  # its hooks name all reviewers, so nothing would be lost
    deliver_all(repository, told)
    assert PullRequest.objects.get().review == "none"
    resync.resync(repository, transport=forge.transport())
    assert PullRequest.objects.get().review == "changes"


def test_a_request_that_the_forge_has_deleted_stops_nothing(tide, forge):
    repository = repository_of(tide, forge)
    forge.opens(1)
    forge.opens(2)
    deliver_all(repository, forge.deliveries)
    del forge.pulls[1]
    forge.closes(2)
    resync.resync(repository, transport=forge.transport())
    states = repository.pull_requests.order_by("number").values_list("state", flat=True)
    assert (repository.resync_error, list(states)) == ("", ["open", "closed"])


def test_a_push_is_made_up_for_by_a_fetch(tide, forge):
    repository = repository_of(tide, forge)
    resync.resync(repository, transport=forge.transport())
    repository.refresh_from_db()
    assert repository.fetch_wanted_at


ANSWERS = {
    "token_refused": httpx.Response(401),
    "not_allowed": httpx.Response(403, json={"message": "Resource not accessible"}),
    "too_many": httpx.Response(403, headers={"X-RateLimit-Remaining": "0"}),
    "not_found": httpx.Response(404),
    "moved": httpx.Response(301, headers={"Location": "https://elsewhere.example/"}),
    "forge_failed": httpx.Response(502),
    "odd": httpx.Response(200, text="<html>Welcome</html>"),
    "not_possible": httpx.Response(422, json={"message": ["odd"]}),
}


@pytest.mark.parametrize("code", ANSWERS)
def test_trouble_is_said_and_the_next_time_asks_as_far_back(tide, code):
    repository = repository_of(tide, FakeGitHub(SECRET))
    resync.resync(repository, transport=httpx.MockTransport(lambda request: ANSWERS[code]))
    assert (repository.resync_error, repository.resynced_at) == (code, None)
    resync.resync(repository, transport=FakeGitHub(SECRET).transport())
    assert repository.resync_error == ""
    assert repository.resynced_at


@pytest.mark.req("W7")
def test_a_forge_inside_our_network_is_not_asked(tide):
    repository = repository_of(tide, FakeGitHub(SECRET))
    repository.forge, repository.url = "gitea", "https://169.254.169.254/team/ship.git"
    resync.resync(repository)
    assert repository.resync_error == "forbidden"


def test_git_alone_has_no_forge_to_ask(tide):
    repository = repository_of(tide, FakeGitHub(SECRET))
    repository.forge = "plain"
    with pytest.raises(ForgeError, match="no forge"):
        forges.client_of(repository)


def test_a_deploy_key_opens_no_api(tide):
    repository = repository_of(tide, FakeGitHub(SECRET))
    assert resync.due() == [repository.pk]
    repository.credential_kind = "key"
    repository.save()
    assert resync.due() == []
    assert resync.resync(repository) == 0
    assert repository.resync_error == "no_token"


def test_resync_starts_as_a_job_when_connected(tide, monkeypatch):
    asked = []
    monkeypatch.setattr(job_queue, "enqueue", lambda *job: asked.append(job))
    repository = repository_of(tide, FakeGitHub(SECRET))
    resync.on_repository_connected(Event(payload={"repository": repository.pk}))
    resync.on_repository_connected(Event(payload={"repository": 987_654}))
    assert asked == [("apps.projects.jobs.resync_repository", repository.pk)]


@pytest.mark.req("GIT-7")
def test_nobody_compares_what_somebody_is_at(tide, monkeypatch):
    repository = repository_of(tide, FakeGitHub(SECRET))
    asked = []

    def resync_one(one):
        asked.append(one)
        resync.resync_alone(one.pk)

    monkeypatch.setattr(resync, "resync", resync_one)
    for times in (1, 2):
        resync.resync_alone(repository.pk)
        assert len(asked) == times
    resync.resync_alone(987_654)


@pytest.mark.req("GIT-7")
def test_a_token_that_may_not_read_checks_stops_nothing_else(tide):
    github = FakeGitHub(SECRET)
    github.opens(1)
    repository, known = repository_of(tide, github), github.transport()

    def answer(request):
        return httpx.Response(403) if "/commits/" in request.url.path else known.handler(request)

    resync.resync(repository, transport=httpx.MockTransport(answer))
    assert (repository.resync_error, repository.pull_requests.count()) == ("not_allowed", 1)
    assert repository.resynced_at
    repository.refresh_from_db()
    assert repository.fetch_wanted_at


def test_the_connection_is_tested(tide, forge):
    repository = repository_of(tide, forge)
    assert forges.client_of(repository, transport=forge.transport()).test() == "main"
    repository.credential = "wrong"
    with pytest.raises(ForgeError, match="does not accept the token"):
        forges.client_of(repository, transport=forge.transport()).test()


def test_a_merge_takes_what_was_looked_at_and_nothing_newer(tide, forge):
    client = forges.client_of(repository_of(tide, forge), transport=forge.transport())
    seen = forge.opens(1).sha
    forge.pushes(1)
    with pytest.raises(ForgeError, match="Head branch was modified"):
        client.merge(1, sha=seen)
    client.merge(1, sha=forge.pulls[1].sha)
    assert forge.pulls[1].state == "merged"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://github.com/team/ship.git", Address("github.com", "https://github.com", "team/ship")),
        ("https://Git.Example:3000/team/ship/", Address("git.example", "https://git.example:3000", "team/ship")),
        ("git@git.example:group/sub/ship.git", Address("git.example", "https://git.example", "group/sub/ship")),
        ("ssh://git@git.example:2222/team/ship", Address("git.example", "https://git.example", "team/ship")),
    ],
)
def test_where_the_forge_answers(url, address):
    assert address_of(url) == address
