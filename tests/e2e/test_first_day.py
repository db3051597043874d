"""Two people on a fresh board, from its banner on, without Authentik."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.accounts.users import owner_account
from apps.projects.models import Membership, Role
from apps.projects.tests.factories import MembershipFactory, UserFactory
from tests.e2e.conftest import faults_of, is_live

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("FLT-4")]
PASSWORD = "the quay is wet in the morning"


@pytest.fixture
def stranger(product, browser: Browser):
    """A browser that nobody has signed in with."""
    contexts = []

    def opened(path: str, *, viewport=(1440, 900), **options) -> Page:
        size = dict(zip(("width", "height"), viewport, strict=True))
        contexts.append(browser.new_context(base_url=product.url, viewport=size, **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def owner(board):
    return MembershipFactory(project=board, user__name="Olga Owens", user__hue="teal", role=Role.OWNER).user


def link_of(page: Page, role: str = "Member") -> str:
    """Create an invitation on the members page, and read its link."""
    page.locator("#invitation-role").select_option(role)
    page.get_by_role("button", name="Create invitation link").click()
    return page.locator("#invitation-link").inner_text()


def join(page: Page, name: str, username: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account and join").click()


@pytest.mark.parametrize("has_script", [True, False])
def test_two_people_on_a_fresh_board(stranger, has_script):
    _owner, password = owner_account.ensure_owner()
    pages = []

    first = stranger("/", java_script_enabled=has_script)
    first.on("framenavigated", lambda frame: pages.append(frame.url))
    first.get_by_label("Name", exact=True).fill("owner")
    first.get_by_label("Password").fill(password)
    first.get_by_role("button", name="Sign in").click()
    first.goto("/projects/new/")
    first.get_by_label("Name", exact=True).fill("Tidewater")
    first.get_by_label("Key").fill("TIDE")
    first.locator("main form button").click()
    first.get_by_role("link", name="People").click()
    link = link_of(first)

    second = stranger(link, java_script_enabled=has_script)
    second.on("framenavigated", lambda frame: pages.append(frame.url))
    expect(second.get_by_role("heading", level=1)).to_have_text("Join Tidewater")
    join(second, "Anna Berg", "anna")
    expect(second).to_have_url(re.compile("/projects/TIDE/$"))
    expect(second.locator(".board")).to_be_visible()
    assert len(pages) <= 8, pages  # at most a quarter of a minute for each makes two minutes

    first.goto("/projects/TIDE/members/")
    expect(first.get_by_role("heading", name="Anna Berg")).to_be_visible()
    expect(first.get_by_role("button", name=re.compile("Revoke the invitation"))).to_have_count(0)
    again = stranger(link)
    expect(again.get_by_role("alert")).to_contain_text("This invitation has been used.")
    if has_script:
        is_live(second)


def test_who_has_an_account_signs_in_and_joins(stranger, visit, owner):
    link = link_of(visit(owner, "/projects/TIDE/members/"), "Viewer")
    dora = UserFactory(name="Dora Dyer", username="dora")
    dora.set_password(PASSWORD)
    dora.save()
    page = stranger(link)
    page.get_by_role("link", name="Sign in to join").click()
    page.get_by_label("Name", exact=True).fill("dora")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Join Tidewater").click()
    expect(page).to_have_url(re.compile("/projects/TIDE/$"))
    assert Membership.objects.get(user=dora).role == Role.VIEWER


def test_revoked_link_opens_nothing(stranger, visit, owner):
    page = visit(owner, "/projects/TIDE/members/")
    link = link_of(page)
    page.get_by_role("button", name="Revoke the invitation as member").click()
    expect(page.get_by_role("button", name="Revoke the invitation as member")).to_have_count(0)
    expect(stranger(link).get_by_role("alert")).to_contain_text("This invitation has been revoked.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_invitation_pages_fit_and_axe_finds_nothing(stranger, visit, owner, scheme, width, request):
    page = visit(owner, "/projects/TIDE/members/", viewport=(width, 900), color_scheme=scheme)
    link = link_of(page)
    shown = stranger(link, viewport=(width, 900), color_scheme=scheme)
    shown.get_by_label("Password").fill("short")
    shown.get_by_label("Name", exact=True).fill("Anna Berg")
    shown.get_by_label("Username").fill(owner.username)
    shown.get_by_role("button", name="Create account and join").click()
    expect(shown.get_by_text("That username is already taken.")).to_be_visible()
    gone = stranger("/join/nothing/", viewport=(width, 900), color_scheme=scheme)
    for each in (page, shown, gone):
        assert not faults_of(each)
        assert each.evaluate("document.documentElement.scrollWidth <= innerWidth")
