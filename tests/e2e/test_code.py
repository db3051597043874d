"""The code of a project, in a browser: connecting a repository on loopback and reading it."""

import pytest
from playwright.sync_api import Page, expect

from apps.projects.models import Repository, Role
from apps.projects.tests.factories import MembershipFactory
from tests.e2e.conftest import faults_of, fetch

pytestmark = pytest.mark.django_db(transaction=True)
SETTINGS = "/projects/TIDE/settings/repositories/"


@pytest.fixture
def owner(board):
    return MembershipFactory(project=board, user__name="Olga Owens", user__hue="teal", role=Role.OWNER).user


def places(repository: Repository) -> list[str]:
    code = f"/projects/TIDE/code/{repository.pk}/"
    sha = repository.commits.get(message="Move several at once").sha
    pages = [
        f"{code}branches/",
        f"{code}commits/",
        f"{code}commits/{sha}/",
        f"{code}compare/?branch=tb-12-move-several",
    ]
    return [*pages, SETTINGS, f"{SETTINGS}{repository.pk}/", f"{SETTINGS}{repository.pk}/remove/"]


def test_a_repository_is_connected_tested_read_and_removed(visit, board, owner, server):
    page = visit(owner)
    page.get_by_role("link", name="Code").click()
    page.get_by_role("link", name="Connect a repository").click()
    page.get_by_label("Address").fill(server.url())
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("The secret. It is shown only now")).to_be_visible()
    page.get_by_role("button", name="Test the connection").click()
    expect(page.get_by_text("There are 2 branches; the default is main.")).to_be_visible()
    expect(page.get_by_text("The secret. It is shown only now")).to_have_count(0)
    fetch(board.repositories.get())
    page.get_by_role("link", name="To the code").click()
    page.get_by_role("link", name="Compare tb-12-move-several: 1 ahead, 1 behind").click()
    expect(page.get_by_text("# several")).to_be_visible()
    page.get_by_role("link", name="Move several at once").click()
    expect(page.get_by_role("heading", name="board.py")).to_be_visible()
    page.goto(SETTINGS)
    page.get_by_role("link", name="board", exact=True).click()
    page.get_by_role("link", name="Remove the repository").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("board is not connected any more.")).to_be_visible()
    assert not board.repositories.exists()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(visit, repository, owner, theme):
    page: Page = visit(owner, color_scheme=theme)
    for place in places(repository):
        page.goto(place)
        assert not faults_of(page), place


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_it_fits_every_width(visit, repository, owner, width):
    page = visit(owner, viewport=(width, 900))
    for place in places(repository):
        page.goto(place)
        assert page.evaluate("document.querySelector('.page').scrollWidth <= innerWidth"), place
