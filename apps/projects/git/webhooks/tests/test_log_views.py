"""The log of deliveries: for maintainers, without secrets, and each can be replayed."""

import inspect
import re

import pytest
from django.test import Client
from django.utils import timezone

from apps import job_queue
from apps.accounts.models import AuditEntry
from apps.accounts.tests.programs import Program
from apps.projects.git.webhooks import receive_view, refusals
from apps.projects.git.webhooks.tests.test_deliveries import SECRET, deliver, deliver_all, repository_of
from apps.projects.models import CheckRun, PullRequest, Role, WebhookDelivery
from apps.projects.tests.factories import RepositoryFactory
from apps.projects.tests.fake_forge import Delivery, FakeGitHub

pytestmark = pytest.mark.django_db


@pytest.fixture
def github():
    return FakeGitHub(SECRET)


@pytest.fixture
def repository(tide, github):
    repository = repository_of(tide, github)
    github.opens(1)
    deliver_all(repository, github.deliveries)
    return repository


@pytest.fixture
def base(repository):
    return f"/projects/TIDE/settings/repositories/{repository.pk}/"


@pytest.fixture
def maintainer(people):
    return signed_in(people[Role.MAINTAINER])


def signed_in(membership):
    client = Client()
    client.force_login(membership.user)
    return client


def test_the_log_shows_what_arrived(base, maintainer):
    page = maintainer.get(f"{base}deliveries/").content.decode()
    assert "pull_request" in page
    assert "Worked on." in page


@pytest.mark.req("FLT-42")
@pytest.mark.parametrize(
    ("body", "is_signed", "said"),
    [
        (b"no json", True, "It was no JSON, neither alone nor in a form."),
        (b"[]", True, "Its JSON was no object."),
        (b"{}", False, "It is not signed with the secret of this webhook."),
        (b"x" * (5 * 1024 * 1024 + 1), True, "It was larger than 5 MiB."),
    ],
)
def test_log_shows_what_was_refused_and_why(base, repository, github, maintainer, tide, body, is_signed, said):
    other = repository_of(tide, github, url="https://git.example/team/other.git", name="Other")
    sent = Delivery(github.signed("push", body, SECRET if is_signed else "another"), body)
    assert deliver(repository, sent).status_code >= 400
    repository.name = "Renamed"
    repository.save(update_fields=["name"])
    assert said in maintainer.get(f"{base}deliveries/").text
    other_log = maintainer.get(f"/projects/TIDE/settings/repositories/{other.pk}/deliveries/").text
    assert said not in other_log
    assert "Refused" not in other_log


@pytest.mark.req("FLT-42")
def test_log_has_a_sentence_for_each_refusal():
    source = inspect.getsource(receive_view)
    codes = set(re.findall(r'WebhookRefused\(\s*\d+, "(\w+)"', source))
    assert codes == set(refusals.REASONS)


def test_one_is_shown_without_addresses(base, maintainer):
    delivery = WebhookDelivery.objects.get()
    WebhookDelivery.objects.update(payload=delivery.payload | {"note": "write to ana@example.org", "x": "<script>"})
    page = maintainer.get(f"{base}deliveries/{delivery.pk}/").content.decode()
    assert "&quot;number&quot;: 1" in page
    assert "ana@example.org" not in page
    assert "<script>&quot;" not in page


def test_replay_makes_up_for_what_is_missing(base, maintainer):
    PullRequest.objects.all().delete()
    delivery = WebhookDelivery.objects.get()
    answer = maintainer.post(f"{base}deliveries/{delivery.pk}/replay/", follow=True)
    assert "worked on once more" in answer.content.decode()
    assert PullRequest.objects.count() == 1
    assert AuditEntry.objects.get(action="delivery.replayed").facts["delivery"] == delivery.delivery_id


def test_replay_of_what_says_nothing_says_so(base, maintainer):
    WebhookDelivery.objects.update(payload={})
    answer = maintainer.post(f"{base}deliveries/{WebhookDelivery.objects.get().pk}/replay/", follow=True)
    assert "can&#x27;t read this delivery" in answer.content.decode()
    assert "Says nothing that Team Board understands." in answer.content.decode()


def test_compare_asks_the_forge(base, repository, maintainer, monkeypatch):
    asked = []
    monkeypatch.setattr(job_queue, "enqueue", lambda *job: asked.append(job))
    assert maintainer.post(f"{base}resync/").status_code == 302
    assert asked == [("apps.projects.jobs.resync_repository", repository.pk)]


def test_trouble_with_the_forge_is_said(base, repository, maintainer):
    repository.resync_error, repository.resync_facts = "forge_failed", {"status": 502}
    repository.save()
    assert "problem of its own (status 502)" in maintainer.get(f"{base}deliveries/").content.decode()


def test_members_do_not_read_it(base, people):
    assert signed_in(people[Role.MEMBER]).get(f"{base}deliveries/").status_code == 403


def test_another_repository_s_delivery_is_not_there(tide, base, maintainer):
    other = RepositoryFactory(project=tide).deliveries.create(delivery_id="2", body_sha256="2", kind="push", payload={})
    assert maintainer.get(f"{base}deliveries/{other.pk}/").status_code == 404


def test_the_admin_lists_them_and_changes_nothing(repository, admin_client):
    listed = admin_client.get("/admin/projects/webhookdelivery/").content.decode()
    assert "pull_request" in listed
    pk = WebhookDelivery.objects.get().pk
    page = admin_client.get(f"/admin/projects/webhookdelivery/{pk}/change/")
    assert page.status_code == 200
    assert "Change 1" not in page.content.decode()
    assert admin_client.post(f"/admin/projects/webhookdelivery/{pk}/change/", {"kind": "push"}).status_code == 403


def test_programs_read_requests(repository, github, people):
    github.opens(2, draft=True)
    deliver_all(repository, github.deliveries[1:])
    CheckRun.objects.create(
        repository=repository, sha=github.pulls[1].sha, name="tests", state="passed", reported_at=timezone.now()
    )
    program = Program(people[Role.VIEWER].user)
    listed = program.get(f"repositories/{repository.pk}/pull-requests/").json()["results"]
    assert [(each["number"], each["state"]) for each in listed] == [(2, "draft"), (1, "open")]
    drafts = program.get(f"repositories/{repository.pk}/pull-requests/?state=draft").json()["results"]
    assert [each["number"] for each in drafts] == [2]
    assert program.get(f"repositories/{repository.pk}/pull-requests/?state=odd").status_code == 400
    whole = program.get(f"repositories/{repository.pk}/pull-requests/1/").json()
    assert (whole["title"], whole["checks"][0]["name"]) == ("Change 1", "tests")
    assert program.get(f"repositories/{repository.pk}/pull-requests/99999999999/").status_code == 404
