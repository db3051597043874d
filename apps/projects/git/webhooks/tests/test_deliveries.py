"""The forges' door: signed, stored before it is answered, worked on once, and the same in any order."""

import base64
import hashlib
import hmac
import json
import random
import uuid
from datetime import timedelta
from functools import partial
from urllib.parse import urlencode

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from apps import job_queue
from apps.accounts.models import AuditEntry
from apps.projects import jobs
from apps.projects.git.forges import gitlab
from apps.projects.git.forges.types import Request
from apps.projects.git.webhooks import apply, deliveries
from apps.projects.models import CheckRun, Event, PullRequest, WebhookDelivery
from apps.projects.tests.factories import RepositoryFactory
from apps.projects.tests.fake_forge import FORGES, Delivery, FakeForge, FakeGitHub, FakeGitLab

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
SECRET = "a-hook-secret-of-thirty-two-chars"


@pytest.fixture(params=FORGES, ids=lambda forge: forge.__name__)
def forge(request) -> FakeForge:
    return request.param(SECRET)


@pytest.fixture
def github() -> FakeForge:
    return FakeGitHub(SECRET)


@pytest.fixture
def repository(tide, forge):
    return repository_of(tide, forge)


def repository_of(project, forge, **more):
    given = {
        "url": f"https://{forge.host}/team/ship.git",
        "credential_kind": "token",
        "credential": forge.token,
        "webhook_secret": SECRET,
    }
    return RepositoryFactory(project=project, forge=forge.kind, **given | more)


def deliver(repository, delivery: Delivery, **changed):
    headers = delivery.headers | changed.pop("headers", {})
    return Client(raise_request_exception=False).post(
        f"/git/webhooks/{repository.uid}/",
        changed.pop("body", delivery.body),
        headers=headers,
        **{"content_type": "application/json"} | changed,
    )


def deliver_all(repository, sent) -> None:
    for each in sent:
        assert deliver(repository, each).status_code == 202
    work_all()


def work_all() -> None:
    for pk in WebhookDelivery.objects.filter(processed_at=None).order_by("pk").values_list("pk", flat=True):
        jobs.process_delivery(pk)


def standing(repository) -> tuple[list, list]:
    """All that is known of requests and checks, but for when."""
    words = ["number", "title", "state", "head_branch", "base_branch", "head_sha", "author", "url", "review"]
    fields = [*words, "additions", "deletions"]
    requests = repository.pull_requests.order_by("number").values_list(*fields, "merged_at", "updated_at")
    checks = repository.checks.order_by("sha", "name").values_list("sha", "name", "state")
    return list(requests), list(checks)


def state_of(repository, number: int = 1) -> tuple[str, str]:
    request = PullRequest.objects.get(repository=repository, number=number)
    return request.state, request.review


@pytest.mark.req("GIT-1")
@pytest.mark.parametrize(
    ("verb", "state"),
    [
        (None, ("draft", "none")),
        (lambda forge: forge.readies(1), ("open", "none")),
        (lambda forge: forge.pushes(1), ("draft", "none")),
        (lambda forge: forge.reviews(1, "ben", "approved"), ("draft", "approved")),
        (lambda forge: forge.reviews(1, "ben", "changes"), ("draft", "changes")),
        (lambda forge: forge.merges(1), ("merged", "none")),
        (lambda forge: forge.closes(1), ("closed", "none")),
        (lambda forge: (forge.closes(1), forge.reopens(1)), ("draft", "none")),
    ],
    ids=["opened", "ready", "pushed", "approved", "changes", "merged", "closed", "reopened"],
)
def test_a_request_is_what_its_forge_says(repository, forge, verb, state):
    forge.opens(1, draft=True, head="tide-1-anchor")
    if verb:
        verb(forge)
    deliver_all(repository, forge.deliveries)
    request = PullRequest.objects.get(repository=repository)
    assert (request.state, request.review) == state
    assert (request.title, request.head_branch, request.base_branch) == ("Change 1", "tide-1-anchor", "main")
    assert (request.author, request.head_sha) == ("ana", forge.pulls[1].sha)
    assert (request.merged_at is not None) == (state[0] == "merged")


@pytest.mark.req("GIT-1")
def test_a_check_is_what_its_forge_says_last(repository, forge):
    for state in ("pending", "failed", "pending", "passed"):
        forge.says("a" * 40, "tests", state)
    deliver_all(repository, forge.deliveries)
    assert [check.state for check in CheckRun.objects.filter(repository=repository)] == ["passed"]
    assert Event.objects.filter(kind="code.checked").count() == 4


@pytest.mark.req("GIT-1")
def test_two_jobs_of_one_name_are_two_checks(tide, github):
    repository = repository_of(tide, github)
    for suite, conclusion in ((1, "failure"), (2, "success")):
        about = {"head_sha": "a" * 40, "name": "test", "check_suite": {"id": suite}, "status": "completed"}
        ended = {"conclusion": conclusion, "completed_at": f"2026-11-23T10:0{suite}:00Z"}
        github.send("check_run", {"check_run": about | ended})
    deliver_all(repository, github.deliveries)
    assert [check.state for check in repository.checks.order_by("reported_at")] == ["failed", "passed"]


@pytest.mark.req("GIT-1")
def test_gitlab_reviewers_take_no_approval_back(tide):
    forge = FakeGitLab(SECRET)
    repository = repository_of(tide, forge)
    forge.opens(1)
    forge.reviews(1, "ben", "approved")
    forge.renames(1, "Better")
    older = json.loads(forge.deliveries.pop().body)
    older["reviewers"] = [{"username": "ben"}]
    forge.send("Merge Request Hook", older)
    deliver_all(repository, forge.deliveries)
    assert (state_of(repository)[1], PullRequest.objects.get().title) == ("approved", "Better")


def test_a_push_only_wants_a_fetch(repository, forge):
    forge.push()
    deliver_all(repository, forge.deliveries)
    repository.refresh_from_db()
    assert repository.fetch_wanted_at
    assert not repository.commits.exists()


@pytest.mark.req("GIT-1")
def test_a_replayed_delivery_changes_nothing(repository, forge):
    forge.opens(1)
    forge.closes(1)
    deliver_all(repository, forge.deliveries)
    before = standing(repository), Event.objects.count(), WebhookDelivery.objects.count()
    for each in forge.deliveries:
        assert deliver(repository, each).json() == {"delivery": "known"}
        named_anew = {name: "other" for name in each.headers if "Delivery" in name or "Idempotency" in name}
        assert deliver(repository, each, headers=named_anew).json() == {"delivery": "known"}
    work_all()
    assert (standing(repository), Event.objects.count(), WebhookDelivery.objects.count()) == before


@pytest.mark.req("W1")
@pytest.mark.req("GIT-1")
def test_a_bad_signature_is_refused_and_written_down(repository, forge):
    forge.opens(1)
    forger = type(forge)("another-secret")
    forger.opens(1)
    address = f"2001:db8::{uuid.uuid4().hex[:4]}"  # of one, only so many are written down
    assert deliver(repository, forger.deliveries[0], REMOTE_ADDR=address).status_code == 401
    assert AuditEntry.objects.get(action="delivery.refused").facts["status"] == 401
    assert not WebhookDelivery.objects.exists()


@pytest.mark.req("W1")
def test_both_secrets_are_good_while_they_are_changed_over(repository, forge):
    forge.opens(1)
    repository.previous_webhook_secret, repository.webhook_secret = SECRET, "the-new-one"
    repository.previous_webhook_secret_until = timezone.now() + timedelta(hours=1)
    repository.save()
    assert deliver(repository, forge.deliveries[0]).status_code == 202
    repository.previous_webhook_secret_until = timezone.now() - timedelta(seconds=1)
    repository.save()
    forge.closes(1)
    assert deliver(repository, forge.deliveries[1]).status_code == 401
    forge.secret = "the-new-one"
    forge.reopens(1)
    assert deliver(repository, forge.deliveries[2]).status_code == 202


def forgeries(delivery: Delivery) -> dict[str, tuple[dict, bytes]]:
    """What somebody sends who knows everything but the secret."""
    name, good = next((k, v) for k, v in delivery.headers.items() if "Signature" in k or "Token" in k)
    bare = good.removeprefix("sha256=")
    unkeyed = hashlib.sha256(delivery.body).hexdigest()
    empty_key = hmac.new(b"", delivery.body, hashlib.sha256).hexdigest()
    sha1 = hmac.new(SECRET.encode(), delivery.body, hashlib.sha1).hexdigest()
    other_body = delivery.body.replace(b"Change 1", b"Change 2")
    wrong = {
        "none": "",
        "prefix alone": "sha256=",
        "cut": good[:-1],
        "longer": good + "0",
        "first half": good[: len(good) // 2],
        "doubled": f"{good},{good}",
        "quoted": f'"{good}"',
        "other digest": "sha1=" + sha1,
        "sha1 as sha256": "sha256=" + sha1,
        "zeros": "sha256=" + "0" * 64,
        "bare zeros": "0" * 64,
        "no key": "sha256=" + unkeyed,
        "empty key": "sha256=" + empty_key,
        "bare empty key": empty_key,
        "reversed": bare[::-1],
        "list": "sha256=a,sha256=b",
        "words": "null",
        "not ascii": "sha256=é",
    }
    corpus = {case: ({name: value}, delivery.body) for case, value in wrong.items()}
    if "Token" not in name:  # GitLab's token covers no bytes
        corpus["body changed"] = ({name: good}, other_body)
        corpus["space added"] = ({name: good}, delivery.body + b" ")
        corpus["body emptied"] = ({name: good}, b"{}")
    return corpus


@pytest.mark.req("W1")
def test_forged_deliveries_have_no_effect(repository, forge, settings):
    settings.WEBHOOKS_PER_MINUTE = 10_000
    forge.opens(1)
    before = Event.objects.count()
    for case, (headers, body) in forgeries(forge.deliveries[0]).items():
        assert deliver(repository, forge.deliveries[0], headers=headers, body=body).status_code == 401, case
    work_all()
    assert not WebhookDelivery.objects.exists()
    assert not PullRequest.objects.exists()
    assert Event.objects.count() == before


@pytest.mark.req("W1")
def test_a_signature_of_another_repository_opens_nothing(tide, forge):
    theirs, ours = repository_of(tide, forge), RepositoryFactory(project=tide, forge=forge.kind, webhook_secret="ours")
    forge.opens(1)
    assert deliver(ours, forge.deliveries[0]).status_code == 401
    assert deliver(theirs, forge.deliveries[0]).status_code == 202


def signed_by_gitlab(secret: str, body: bytes, *, late: int = 0, name: str = "msg-1") -> dict[str, str]:
    stamp = str(int(timezone.now().timestamp()) - late)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
    given = "v1,bm90aGluZw== v1," + base64.b64encode(signature).decode()
    return {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": given}


@pytest.mark.req("GIT-1")
def test_gitlabs_newer_signature():
    secret = "whsec_" + base64.b64encode(b"thirty-two bytes of a signing key").decode()
    headers = signed_by_gitlab(secret, b"{}")
    assert gitlab.verify(secret, headers, b"{}")
    assert not gitlab.verify(secret, headers, b"{ }")
    assert not gitlab.verify(secret, headers | {"webhook-id": "msg-2"}, b"{}")
    assert not gitlab.verify(secret, signed_by_gitlab(secret, b"{}", late=301), b"{}")
    assert not gitlab.verify(secret, headers | {"webhook-timestamp": "now"}, b"{}")
    assert not gitlab.verify(secret, headers | {"webhook-signature": "v1,", "X-Gitlab-Token": secret}, b"{}")


@pytest.mark.req("W1")
def test_delivery_is_stored_before_answer_and_found_by_sweep(repository, forge, monkeypatch):
    monkeypatch.setattr(job_queue, "enqueue", lambda job, pk: None)  # Redis has lost it
    forge.opens(1)
    assert deliver(repository, forge.deliveries[0]).status_code == 202
    assert not PullRequest.objects.exists()
    WebhookDelivery.objects.update(received_at=Now() - timedelta(minutes=1))
    jobs.process_overdue_deliveries()
    assert state_of(repository) == ("open", "none")


def test_what_fails_is_tried_again_for_a_while(repository, forge, monkeypatch):
    forge.opens(1)
    with monkeypatch.context() as broken:
        broken.setattr(apply, "apply", lambda *args: 1 / 0)
        deliver_all(repository, forge.deliveries)
    delivery = WebhookDelivery.objects.get()
    assert (delivery.processed_at, delivery.error) == (None, "ZeroDivisionError")
    WebhookDelivery.objects.update(received_at=Now() - timedelta(minutes=1))
    jobs.process_overdue_deliveries()
    delivery.refresh_from_db()
    assert delivery.processed_at
    assert delivery.error == ""
    WebhookDelivery.objects.update(processed_at=None, error="ZeroDivisionError", received_at=Now() - timedelta(hours=1))
    assert deliveries.overdue() == []


@pytest.mark.req("W2")
def test_in_any_order_they_come_to_the_same(tide, forge):
    a_life(forge)
    in_order = repository_of(tide, forge)
    deliver_all(in_order, forge.deliveries)
    for seed in range(4):
        shuffled = random.Random(seed).sample(forge.deliveries, len(forge.deliveries))
        other = repository_of(type(tide).objects.create(name=f"Other {seed}", key=f"OT{seed}"), forge)
        deliver_all(other, shuffled)
        assert standing(other) == standing(in_order)


def a_life(forge) -> None:
    forge.opens(1, draft=True)
    forge.opens(2)
    forge.readies(1)
    forge.says(forge.pulls[1].sha, "tests", "pending")
    forge.reviews(1, "ben", "changes")
    forge.pushes(1)
    forge.says(forge.pulls[1].sha, "tests", "pending")
    forge.says(forge.pulls[1].sha, "tests", "failed")
    forge.closes(2)
    forge.reviews(1, "ben", "approved")
    forge.says(forge.pulls[1].sha, "tests", "passed")
    forge.reopens(2)
    forge.merges(1)


@pytest.mark.req("FLT-26")
@pytest.mark.parametrize(("is_current", "title"), [(False, "First"), (True, "Second")])
def test_equal_time_counts_when_the_forge_was_asked(is_current, title):
    repository, at = RepositoryFactory(), timezone.now()
    for words in ("First", "Second"):
        told = Request(1, words, "", "open", "fix", "main", "a" * 40, "https://git.example/1", updated_at=at)
        apply.apply(repository, told, is_current=is_current)
    assert PullRequest.objects.get().title == title


def test_of_two_words_in_one_second_the_stronger_counts(tide, github):
    repository = repository_of(tide, github)
    github.opens(1)
    github.tick = lambda: github.clock
    github.merged = github.clock
    github.merges(1)
    deliver_all(repository, reversed(github.deliveries))
    assert state_of(repository)[0] == "merged"


def test_one_reviewers_approval_leaves_anothers_objection(tide, github):
    repository = repository_of(tide, github)
    github.opens(1)
    github.reviews(1, "ben", "changes")
    github.reviews(1, "cy", "approved")
    deliver_all(repository, github.deliveries)
    assert state_of(repository)[1] == "changes"
    github.reviews(1, "ben", "none")
    deliver_all(repository, github.deliveries[-1:])
    assert state_of(repository)[1] == "approved"


def test_a_fork_s_branch_is_none_of_ours(tide, github):
    repository = repository_of(tide, github)
    github.opens(1, head="tide-1-anchor")
    payload = json.loads(github.deliveries[0].body)
    payload["pull_request"]["head"] |= {"repo": {"id": 2}, "user": {"login": "stranger"}}
    github.deliveries.clear()
    github.send("pull_request", payload)
    deliver_all(repository, github.deliveries)
    assert PullRequest.objects.get().head_branch == "stranger:tide-1-anchor"


@pytest.mark.req("W2")
def test_what_means_nothing_to_us_is_not_kept(repository, forge):
    forge.send("watch", {"action": "started"})
    assert deliver(repository, forge.deliveries[0]).status_code == 204
    assert not WebhookDelivery.objects.exists()


@pytest.mark.req("W2")
def test_a_ping_is_answered(tide, github):
    github.send("ping", {"zen": "Keep it calm."})
    assert deliver(repository_of(tide, github), github.deliveries[0]).status_code == 200
    assert not WebhookDelivery.objects.exists()


@pytest.mark.req("W2")
def test_five_mebibytes_and_no_more(repository, forge):
    forge.opens(1)
    payload = json.loads(forge.deliveries[0].body)
    for too_much, status in ((0, 202), (1, 413)):
        payload["filling"] = ""
        payload["filling"] = "x" * (5 * 1024 * 1024 - len(json.dumps(payload)) + too_much)
        body = json.dumps(payload).encode()
        kind = next(value for name, value in forge.deliveries[0].headers.items() if "Event" in name)
        sent = Delivery(forge.signed(kind, body, SECRET), body)
        assert deliver(repository, sent).status_code == status
    assert WebhookDelivery.objects.count() == 1


def as_form(forge: FakeForge, sent: Delivery) -> Delivery:
    """What GitHub sends unless it is told to send JSON, and what Gitea can be told to send."""
    body = urlencode({"payload": sent.body.decode()}).encode()
    kind = next(value for name, value in sent.headers.items() if "Event" in name)
    signs_json = forge.kind == "gitea"
    return Delivery(sent.headers if signs_json else forge.signed(kind, body, SECRET), body)


@pytest.mark.req("FLT-42")
@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=utf-8", FORM.upper()])
def test_delivery_by_form_says_the_same_as_by_json(repository, forge, content_type):
    forge.opens(1, head="tide-1-anchor")
    forge.renames(1, "50 % + a & b = ü")
    for each in forge.deliveries:
        assert deliver(repository, as_form(forge, each), content_type=content_type).status_code == 202
    work_all()
    assert PullRequest.objects.get().title == "50 % + a & b = ü"
    assert deliver(repository, as_form(forge, forge.deliveries[0]), content_type=FORM).status_code == 200


@pytest.mark.req("FLT-42")
def test_delivery_by_form_is_signed_as_any(tide, github):
    repository = repository_of(tide, github)
    github.opens(1)
    form = as_form(github, github.deliveries[0])
    assert deliver(repository, form, body=form.body + b"&x=1", content_type=FORM).status_code == 401
    assert deliver(repository, form, body=b"x=1&" + form.body, content_type=FORM).status_code == 401
    assert not WebhookDelivery.objects.exists()


@pytest.mark.req("FLT-42")
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 415),
        (b"payload=", 415),
        (b"x=%7B%7D", 415),
        (b"payload=%5B%5D", 400),
        (b"payload=%ff", 415),
        (b"&" * 99, 415),
    ],
)
def test_delivery_by_form_without_json_is_refused(tide, github, body, status):
    sent = Delivery(github.signed("push", body, SECRET), body)
    assert deliver(repository_of(tide, github), sent, content_type=FORM).status_code == status


@pytest.mark.req("W2")
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 415),
        (b"payload=%7B%7D", 415),
        (b"[]", 400),
        (b"NaN", 415),
        (b'{"ref": 1e999}', 415),
        (b"\xff", 415),
        (b"[" * 100_000, 415),
        (b'"x"', 400),
    ],
)
def test_what_is_no_json_is_refused(tide, github, body, status):
    sent = Delivery(github.signed("push", body, SECRET), body)
    assert deliver(repository_of(tide, github), sent).status_code == status


@pytest.mark.req("W2")
@pytest.mark.parametrize(
    "payload", [{}, {"pull_request": None}, {"pull_request": {"number": "1"}}, {"pull_request": []}]
)
def test_what_lacks_its_meaning_says_so_in_the_log(tide, github, payload):
    repository = repository_of(tide, github)
    github.send("pull_request", payload)
    deliver_all(repository, github.deliveries)
    delivery = WebhookDelivery.objects.get()
    assert delivery.processed_at
    assert delivery.error.startswith("lacks ")


@pytest.mark.req("W2")
def test_fields_are_untrusted_text(repository, forge):
    forge.opens(1)
    forge.renames(1, "<script>\u202e\x00\x1b[31m" + "x" * 400)
    deliver_all(repository, forge.deliveries)
    request = PullRequest.objects.get(repository=repository)
    assert request.title.startswith("<script>[31mxxx")
    assert len(request.title) == 300


def test_an_address_that_is_no_web_address_is_dropped():
    assert apply.web_address("javascript:alert(1)") == ""
    assert apply.web_address("https://git.example/1") == "https://git.example/1"


def test_the_log_keeps_no_secrets(repository, forge):
    forge.opens(1)
    payload = json.loads(forge.deliveries[0].body)
    forge.deliveries.clear()
    kept = {"secret": "s3cret", "api_token": "t0ken", "text": "see https://ana:pass@git.example/ and ghp_" + "a" * 36}
    forge.send({"gitlab": "Merge Request Hook"}.get(forge.kind, "pull_request"), payload | {"hook": kept})
    deliver_all(repository, forge.deliveries)
    stored = json.dumps(WebhookDelivery.objects.get().payload)
    assert not [word for word in ("s3cret", "t0ken", "pass@", "ghp_", "ana@example.org") if word in stored]
    assert state_of(repository) == ("open", "none")


def test_they_are_limited(repository, forge, settings):
    settings.WEBHOOKS_PER_MINUTE = 2
    forge.opens(1)
    forge.closes(1)
    forge.reopens(1)
    answers = [deliver(repository, each) for each in forge.deliveries]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert int(answers[-1]["Retry-After"]) > 0


def test_a_plain_repository_has_no_webhook(tide, github):
    repository = RepositoryFactory(project=tide, forge="plain", webhook_secret=SECRET)
    github.opens(1)
    assert deliver(repository, github.deliveries[0]).status_code == 401
    assert Client().get(f"/git/webhooks/{repository.uid}/").status_code == 405


@pytest.mark.req("W1")
def test_they_are_kept_for_a_month(repository, forge):
    forge.opens(1)
    forge.closes(1)
    deliver_all(repository, forge.deliveries)
    first, second = WebhookDelivery.objects.order_by("pk")
    ages = partial(WebhookDelivery.objects.filter)
    ages(pk=first.pk).update(received_at=Now() - timedelta(days=31))
    ages(pk=second.pk).update(received_at=Now() - timedelta(days=29))
    jobs.delete_old_deliveries()
    assert list(WebhookDelivery.objects.all()) == [second]
