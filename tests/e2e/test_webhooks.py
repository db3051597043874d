"""What a forge told, as a maintainer looks through it."""

import pytest
from playwright.sync_api import expect

from apps.projects.git.webhooks.tests.test_deliveries import SECRET, deliver_all, repository_of
from apps.projects.models import Membership, PullRequest, Role
from apps.projects.tests.fake_forge import FakeGitHub
from tests.e2e.conftest import faults_of


@pytest.mark.parametrize("look", [((1440, 900), "light"), ((768, 1024), "dark"), ((390, 844), "light")])
def test_a_delivery_is_read_and_replayed(visit, board, ana, settings, look):
    viewport, scheme = look
    Membership.objects.filter(user=ana).update(role=Role.MAINTAINER)
    github = FakeGitHub(SECRET)
    repository = repository_of(board, github)
    github.opens(1)
    github.says(github.pulls[1].sha, "tests", "failed")
    github.send("pull_request", {"action": "labeled"})
    settings.ALLOWED_HOSTS = ["*"]
    deliver_all(repository, github.deliveries)
    path = f"/projects/TIDE/settings/repositories/{repository.pk}/deliveries/"
    page = visit(ana, path, viewport=viewport, color_scheme=scheme)
    assert faults_of(page) == []
    PullRequest.objects.all().delete()
    page.get_by_role("link", name="pull_request").last.click()
    expect(page.locator("pre.log")).to_contain_text('"number": 1')
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults_of(page) == []
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("worked on once more")).to_be_visible()
    assert PullRequest.objects.get().title == "Change 1"
