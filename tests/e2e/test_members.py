"""The people of a project, in a browser."""

import pytest
from playwright.sync_api import Page, expect

from apps.accounts.models import User
from apps.agents.tests.factories import agent_in
from apps.projects.models import Membership, Role
from apps.projects.realtime import feed
from apps.projects.tests.factories import MembershipFactory, UserFactory
from apps.tasks.actions.assign import assign
from apps.tasks.tests.factories import task_in
from tests.e2e.conftest import faults_of, is_live, until

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = "/projects/TIDE/members/"


@pytest.fixture
def owner(board) -> User:
    return MembershipFactory(project=board, user__name="Olga Owens", user__hue="teal", role=Role.OWNER).user


@pytest.fixture
def everybody(board, owner, ana, ben) -> None:
    agent_in(board)
    MembershipFactory(project=board, user__name="Vi Ewer", user__hue="ochre", role=Role.VIEWER)
    MembershipFactory(project=board, user__name="Mai Tainer", user__hue="rose", role=Role.MAINTAINER)


def role_of(user: User) -> str | None:
    return Membership.objects.filter(user=user).values_list("role", flat=True).first()


def row(page: Page, name: str):
    return page.locator(".members > li", has=page.get_by_role("heading", name=name))


@pytest.mark.parametrize("has_script", [True, False])
def test_somebody_comes_gets_another_role_and_goes(visit, owner, ana, has_script):
    cy = UserFactory(name="Cy Outside")
    page = visit(owner, java_script_enabled=has_script)
    page.get_by_role("link", name="People").click()
    page.get_by_label("Who?").fill("Cy Outside")
    page.get_by_label("Role", exact=True).select_option("Viewer")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(row(page, "Cy Outside").get_by_role("combobox")).to_have_value("viewer")
    page.get_by_label("Role of Cy Outside", exact=True).select_option("Commenter")
    page.get_by_role("button", name="Save the role of Cy Outside").click()
    expect(page.get_by_text("Cy Outside has another role now: commenter.")).to_be_visible()
    assert role_of(cy) == Role.COMMENTER
    page.get_by_role("link", name="Remove Cy Outside").click()
    page.get_by_role("link", name="Not now").click()
    assert role_of(cy) == Role.COMMENTER
    page.get_by_role("link", name="Remove Cy Outside").click()
    page.get_by_role("button", name="Remove").click()
    expect(row(page, "Cy Outside")).to_have_count(0)
    assert role_of(cy) is None


@pytest.mark.req("E7")
def test_who_is_removed_is_gone_within_a_heartbeat(visit, owner, ana, columns, monkeypatch):
    monkeypatch.setattr(feed, "HEARTBEAT", 0.5)
    task = task_in(columns["doing"], "Paint the quay", by=ana)
    assign(task, to=ana, by=ana)
    watching, closed = visit(ana), []
    watching.on("websocket", lambda one: one.on("close", lambda closing: closed.append(closing)))
    is_live(watching.reload() and watching)
    page = visit(owner, PEOPLE)
    page.get_by_role("link", name="Remove Ana Ruiz").click()
    page.get_by_role("button", name="Remove").click()
    expect(row(page, "Ana Ruiz")).to_have_count(0)
    until(lambda: watching.wait_for_timeout(50) or closed)
    task.refresh_from_db()
    assert task.assignee is None
    expect(watching.locator(".board")).to_have_count(0)  # their page finds out by itself
    assert watching.request.get("/projects/TIDE/").status == 404


def test_a_commenter_comments_and_has_no_other_control(visit, board, owner, columns):
    task = task_in(columns["ready"], "Paint the quay", by=owner)
    commenter = MembershipFactory(project=board, user__name="Com Menter", role=Role.COMMENTER).user
    page = is_live(visit(commenter, task.get_absolute_url()))
    page.get_by_label("Write to the team").fill("From the side.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".drawer .entry__text")).to_have_text("From the side.")
    expect(page.locator(".drawer").get_by_label("Status")).to_be_hidden()
    expect(page.get_by_role("link", name="New task")).to_have_count(0)


def test_handing_over(visit, owner, ana):
    page = visit(owner, PEOPLE)
    page.get_by_role("link", name="Hand over to Ana Ruiz").click()
    page.get_by_role("button", name="Hand it over").click()
    expect(row(page, "Ana Ruiz")).to_contain_text("Owner")
    assert (role_of(ana), role_of(owner)) == (Role.OWNER, Role.MAINTAINER)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(visit, everybody, owner, ana, theme):
    page = visit(owner, PEOPLE, color_scheme=theme)
    assert not faults_of(page)
    page.get_by_label("Who?").fill("Nobody at all")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("No account has exactly that name")).to_be_visible()
    assert not faults_of(page)
    page.goto("/projects/TIDE/members/leave/")
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_role("alert")).to_contain_text("A project needs an owner.")
    assert not faults_of(page)


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_it_fits_every_width(visit, everybody, owner, width):
    page = visit(owner, PEOPLE, viewport=(width, 900))
    expect(page.get_by_role("link", name="People")).to_be_visible()
    assert page.evaluate("document.querySelector('.page').scrollWidth <= innerWidth")
    ends = page.locator(".members .index__end").all()
    assert all(end.bounding_box()["x"] + end.bounding_box()["width"] <= width for end in ends)


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1440, "light")])
def test_somebody_is_found_among_many(visit, board, owner, width, theme):
    for n in range(60):
        MembershipFactory(project=board, user__name=f"Crew {n:02}", role=Role.MEMBER)
    page = visit(owner, PEOPLE, viewport=(width, 900), color_scheme=theme)
    expect(page.get_by_text("1–50 of 61")).to_be_visible()
    page.get_by_role("link", name="Next page").click()
    expect(row(page, "Crew 59")).to_be_visible()
    page.get_by_label("Name or username").fill("crew 42")
    page.get_by_label("Name or username").press("Enter")
    expect(page.locator(".members > li")).to_have_count(1)
    expect(row(page, "Crew 42")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults_of(page) == []


@pytest.mark.parametrize(("width", "theme", "has_script"), [(390, "dark", False), (1440, "light", True)])
def test_a_task_is_assigned_to_one_of_many(visit, board, owner, columns, width, theme, has_script):
    for n in range(60):
        MembershipFactory(project=board, user__name=f"Crew {n:02}", role=Role.MEMBER)
    task = task_in(columns["ready"], "Sell tickets", by=owner)
    options = {"viewport": (width, 900), "color_scheme": theme, "java_script_enabled": has_script}
    page = visit(owner, task.get_absolute_url(), **options)
    page.locator("summary", has_text="Unassigned").click()
    page.get_by_role("link", name="Search all people").click()
    page.get_by_label("Name or username").fill("crew 42")
    page.get_by_label("Name or username").press("Enter")
    page.get_by_role("radio", name="Crew 42").check()
    if has_script:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert faults_of(page) == []
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.locator("summary", has_text="Crew 42")).to_be_visible()
