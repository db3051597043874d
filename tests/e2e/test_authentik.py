"""In by Authentik and out again, in a browser, with the provider of tests/authentik."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.accounts.models import User
from apps.accounts.oidc import jwks
from apps.accounts.oidc import provider as known_provider
from apps.projects.models import GroupGrant, Role
from apps.projects.realtime import feed
from tests.authentik import urls
from tests.authentik.provider import PASSWORDS, SECRET, Provider
from tests.e2e.conftest import Product, faults_of, is_live

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("L45")]
CONTINUE = "Continue with Authentik"


@pytest.fixture
def provider(product: Product, settings, board) -> Iterator[Provider]:
    """It lets people of its group into the project."""
    GroupGrant.objects.create(project=board, group="teamboard-users", role=Role.MEMBER)
    with Provider(rp=product.url) as provider:
        settings.ROOT_URLCONF = urls.__name__
        settings.AUTHENTIK_ISSUER = provider.issuer
        settings.AUTHENTIK_CLIENT_ID, settings.AUTHENTIK_CLIENT_SECRET = "teamboard", SECRET
        policy = settings.SECURE_CSP
        settings.SECURE_CSP = policy | {"form-action": [*policy["form-action"], provider.url]}
        known_provider.forget()
        jwks.forget()
        yield provider


@pytest.fixture
def come(product: Product, provider: Provider, browser: Browser) -> Iterator[Callable[..., Page]]:
    """A new browser at `path`; what the CSP forbids fails the test."""
    contexts, errors = [], []

    def come(path: str = "/projects/TIDE/", **options) -> Page:
        context = browser.new_context(base_url=product.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda line: "Content Security" in line.text and errors.append(line.text))
        page.goto(path)
        return page

    yield come
    for context in contexts:
        context.close()
    assert not errors, errors


def sign_in(page: Page, username: str) -> Page:
    page.get_by_role("button", name=CONTINUE).click()
    page.fill("[name=uidField]", username)
    page.fill("[name=password]", PASSWORDS.get(username, f"{username}-password"))
    page.get_by_role("button", name="Log in").click()
    return page


def sign_out(page: Page) -> None:
    page.locator("summary.menu__toggle").first.click()
    page.locator(".menu__list").get_by_role("button", name="Sign out").click()


def test_a_member_comes_to_the_page_that_was_asked_for_and_goes(come, columns):
    page = come()
    assert faults_of(page) == []
    is_live(sign_in(page, "max"))
    assert page.url.endswith("/projects/TIDE/")
    sign_out(page)
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    expect(page.get_by_role("button", name=CONTINUE)).to_be_visible()
    page.goto("/projects/TIDE/")
    expect(page.get_by_role("button", name=CONTINUE)).to_be_visible()


@pytest.mark.req("L21")
def test_an_administrator_is_one_as_long_as_the_group_says(come, provider):
    page = sign_in(come("/admin/"), "ada")
    page.wait_for_url("**/admin/")
    provider.change("ada", groups=["teamboard-users"])
    User.objects.create_superuser("root", name="Olga", password="a" * 20)
    sign_in(come("/projects/"), "ada").wait_for_url("**/projects/")
    assert page.goto("/admin/").status == 404  # the older session as well


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_guest_is_told_why_not(come, theme):
    page = sign_in(come(color_scheme=theme), "guest")
    expect(page.get_by_role("alert")).to_contain_text("You are not in the group that may use Team Board.")
    assert faults_of(page) == []


def test_a_closed_account_is_told_so(come):
    page = sign_in(come(), "max")
    is_live(page)
    User.objects.filter(username="max").update(is_active=False)
    again = sign_in(come(), "max")
    expect(again.get_by_role("alert")).to_contain_text("Your account in Team Board is closed.")


def test_people_without_e_mail_and_with_somebody_elses_are_themselves(come):
    User.objects.create_superuser("root", email="root@example.test", name="Olga", password="a" * 20)
    for username in ("nomail", "nomail", "mallory"):
        is_live(sign_in(come(), username))
    assert not User.objects.get(username="mallory").is_superuser
    assert User.objects.filter(username__startswith="nomail").count() == 1


@pytest.mark.req("L30", "L31", "L33")
def test_signing_out_there_ends_the_open_board_here(come, provider, columns):
    page = is_live(sign_in(come(), "max"))
    for session in list(provider.state.sessions):
        provider.state.end_session(session)
    said = page.locator(".toast", has_text="You are signed out.")
    expect(said).to_be_visible(timeout=feed.HEARTBEAT * 1000 + 1000)


def test_new_keys_and_two_tabs_are_no_trouble(come, provider):
    page = come("/projects/new/")
    other = page.context.new_page()
    other.goto("/accounts/profile/")
    provider.rotate_keys()
    sign_in(page, "max").wait_for_url("**/projects/new/")
    other.get_by_role("button", name=CONTINUE).click()
    other.wait_for_url("**/accounts/profile/")
    assert faults_of(other) == []


@pytest.mark.req("L4")
def test_with_the_provider_down_there_is_the_password(come, provider):
    User.objects.create_superuser("root", name="Olga", password="a" * 20)
    provider.fault("discovery", status=500, times=100)
    page = come("/projects/")
    expect(page.get_by_text("Signing in with Authentik is not available right now.")).to_be_visible()
    assert faults_of(page) == []
    page.get_by_label("Name").fill("root")
    page.get_by_label("Password").fill("a" * 20)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/projects/")
