"""The code of a project, in a browser: connecting a repository on loopback and reading it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from apps.projects.git import fetching
from apps.projects.models import Repository, Role
from apps.projects.tests.factories import MembershipFactory
from apps.projects.tests.git_server import GitServer, Workshop
from tests.e2e.conftest import faults_of

pytestmark = pytest.mark.django_db(transaction=True)
SETTINGS = "/projects/TIDE/settings/repositories/"
CODE = 'def move(task, to):\n    """Put it there."""\n    return to.append(task)\n'


@pytest.fixture
def owner(board):
    return MembershipFactory(project=board, user__name="Olga Owens", user__hue="teal", role=Role.OWNER).user


@pytest.fixture
def server(settings, tmp_path):
    settings.GIT_FOLDER = tmp_path / "mirrors"
    settings.GIT_PLAIN_HTTP = True
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1"]
    with GitServer(tmp_path / "served") as running:
        work = Workshop.of(running.create(), tmp_path / "work")
        work.commit("Start the board", {"board.py": CODE, "README.md": "# Board\n"})
        work.commit("Move several at once", {"board.py": CODE + "\n\n# several\n"}, branch="tb-12-move-several")
        work.on("main").commit("Say how it is started", {"README.md": "# Board\n\nmake run\n"})
        yield running


@pytest.fixture
def repository(server, board) -> Repository:
    found = Repository.objects.create(project=board, name="board", url=server.url(), hook_secret="x")
    fetching.want(found)
    fetch(found)
    found.refresh_from_db()
    return found


def fetch(repository: Repository) -> None:
    """As a worker does: not on the thread where the browser's loop runs."""

    def work() -> None:
        fetching.fetch(repository.pk)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


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
