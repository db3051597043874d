"""Work on code as people see it: a push that moves a card, a branch's name, and an agent's work that is merged."""

import json
import time

import httpx
import pytest
from celery.contrib.testing.worker import start_worker
from playwright.sync_api import Page, expect

from apps.agents.models import Run
from apps.agents.runs.actions import pull_requests
from apps.agents.tests.factories import agent_in, run_of
from apps.projects.git import forges
from apps.projects.git.webhooks import apply
from apps.projects.models import Event, Repository, Role
from apps.projects.tests.factories import MembershipFactory
from apps.projects.tests.fake_forge import FakeGitHub
from apps.projects.tests.git_server import Workshop, git
from apps.tasks.code import branch_names, links
from apps.tasks.tests.factories import task_in
from teamboard.celery import app
from teamboard.worker import clock
from tests.e2e.conftest import faults_of, is_live

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "a-secret-of-the-webhook"


@pytest.fixture
def worker(transactional_db, monkeypatch):
    monkeypatch.setattr(clock, "_watch", lambda app: None)  # it would outlive the worker
    with start_worker(app, pool="solo", perform_ping_check=False):
        yield


@pytest.fixture
def forge(repository) -> FakeGitHub:
    """A forge in front of the Git server: it tells of pushes, signed."""
    Repository.objects.update(forge="github", webhook_secret=SECRET)
    return FakeGitHub(SECRET)


@pytest.fixture
def ship(server, tmp_path) -> Workshop:
    """Somebody's clone, which pushes by HTTP."""
    folder = tmp_path / "clone"
    git("clone", "--quiet", server.url(), str(folder), folder=tmp_path)
    return Workshop(folder, server.root / "team/board.git")


def in_column(page: Page, column, task):
    return page.locator(f"#column-{column.pk}-list #task-{task.pk}")


def tell(product, repository, forge: FakeGitHub) -> None:
    """Deliver the forge's latest word."""
    word = forge.deliveries[-1]
    url = f"{product.url}/git/webhooks/{repository.uid}/"
    answer = httpx.post(url, content=word.body, headers=word.headers | {"Content-Type": "application/json"})
    assert answer.status_code == 202


@pytest.mark.req("GIT-2", "GIT-3", "W2")
def test_a_push_moves_a_card_in_two_browsers(
    product,
    visit,
    worker,
    repository,
    forge,
    ship,
    columns,
    ana,
    ben,
    record_property,
):
    reviewed, closed = task_in(columns["ready"], "Sell tickets"), task_in(columns["doing"], "Paint the quay")
    pages = [is_live(visit(person)) for person in (ana, ben)]
    name = branch_names.name_for(reviewed)
    ship.commit("Sell them", branch=name)
    forge.opens(1, head=name)
    tell(product, repository, forge)
    for page in pages:
        expect(in_column(page, columns["review"], reviewed)).to_be_visible()
        expect(page.locator(f"#task-{reviewed.pk} .pr[data-pr=open]")).to_be_attached()
    ship.on("main").commit(f"Paint it blue, fixes {closed.key}")
    began = time.perf_counter()
    forge.push()
    tell(product, repository, forge)
    for page in pages:
        expect(in_column(page, columns["done"], closed)).to_be_visible()
    record_property("seconds from the end of the push to both browsers", round(time.perf_counter() - began, 2))
    page = pages[0]
    page.locator(f"#task-{closed.pk} .card__link").click()
    expect(page.locator(".task-panel__code")).to_contain_text("The board moved this to Done by itself.")
    assert not faults_of(page)
    page.get_by_role("button", name="Undo").click()
    for page in pages:
        expect(in_column(page, columns["doing"], closed)).to_be_visible()


@pytest.mark.req("GIT-4")
def test_a_branchs_name_is_copied_and_work_begins(visit, repository, board, columns, ana, ben):
    mai = MembershipFactory(project=board, user__name="Mai", role=Role.MAINTAINER).user
    branch_names.set_template(board, "{user}/{key}-{title}", by=mai)
    task = task_in(columns["ready"], "Größere Fähren")
    page = visit(ana, task.get_absolute_url(), permissions=["clipboard-read", "clipboard-write"])
    other = is_live(visit(ben))
    name = f"ana-ruiz/{task.key.lower()}-groessere-faehren"
    expect(page.locator("[data-branch]")).to_have_text(name)
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("Copied.", exact=True)).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == name
    page.get_by_role("button", name="Copy and start").press("Enter")
    expect(page.get_by_text("Copied. The task is in progress.")).to_be_visible()
    expect(in_column(other, columns["doing"], task)).to_be_visible()
    expect(page.get_by_role("button", name="Copy and start")).to_have_count(0)
    expect(page.locator("[data-branch]")).to_have_text(name)
    task.refresh_from_db()
    assert task.assignee == ana


@pytest.mark.req("GIT-6", "G5")
@pytest.mark.parametrize("look", [((1440, 900), "light"), ((390, 844), "dark")])
def test_an_agents_work_is_accepted_and_merged(visit, repository, forge, board, columns, ana, ben, monkeypatch, look):
    monkeypatch.setattr(forges, "client_of", lambda found: real(found, transport=forge.transport()))
    viewport, scheme = look
    run = in_review(repository, forge, run_of(agent_in(board, "Scribe"), ana, "Sell tickets"), columns)
    page = visit(ana, run.task.get_absolute_url(), viewport=viewport, color_scheme=scheme)
    other = is_live(visit(ben))
    page.get_by_role("link", name="Accept and merge…").click()
    expect(page.get_by_role("heading", name="Accept and merge")).to_be_visible()
    expect(page.locator(".merge")).to_contain_text(f"{run.branch} → main")
    assert not faults_of(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Accept and merge").click()
    expect(in_column(other, columns["done"], run.task)).to_be_visible()
    assert forge.pulls[1].state == "merged"
    expect(page.locator(".timeline")).to_contain_text("merged pull request 1 in board.")


real = forges.client_of


def in_review(repository, forge: FakeGitHub, run: Run, columns) -> Run:
    """A result that waits, with the request that came of it."""
    Repository.objects.update(
        merging="members", credential_kind="token", credential=forge.token, url="https://github.com/team/ship"
    )
    repository.refresh_from_db()
    branch = branch_names.name_for(run.task)
    Run.objects.filter(pk=run.pk).update(
        branch=branch, status="succeeded", review="waiting", result="**Sold.**", first_sent_at=run.created_at
    )
    type(run.task).objects.update(column=columns["review"])
    forge.opens(1, head=branch)
    told = forges.adapter_of(repository).read("pull_request", json.loads(forge.deliveries[-1].body))
    for change in told:
        apply.apply(repository, change)
    event = Event.objects.filter(kind="code.request").latest("seq")
    links.on_pull_request(event)
    pull_requests.on_pull_request(event)
    run.refresh_from_db()
    return run
