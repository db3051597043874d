"""Signed out from elsewhere, in a browser."""

import pytest
from playwright.sync_api import Page, expect

from apps.accounts.sessions import revoke
from apps.projects.realtime import feed
from tests.e2e.conftest import faults_of, is_live

pytestmark = pytest.mark.django_db(transaction=True)
SAID = "You are signed out."


def is_signed_out(page: Page) -> None:
    expect(page.locator(".toast", has_text=SAID)).to_be_visible(timeout=feed.HEARTBEAT * 1000 + 1000)
    expect(page.locator("html")).to_have_attribute("data-live", "signed-out")


@pytest.mark.req("L35", "L33", "E7", "A2")
def test_a_board_signed_out_from_elsewhere_says_so_within_five_seconds_and_stops(visit, ana, columns):
    page = is_live(visit(ana, "/projects/TIDE/?q=1"))
    opened = []
    page.on("websocket", lambda one: opened.append(one))
    revoke.end_all_sessions(ana, by=ana)
    is_signed_out(page)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_timeout(1500)
    assert opened == []
    page.get_by_role("link", name="Sign in").click()
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    assert page.url.endswith("next=/projects/TIDE/%3Fq%3D1")


@pytest.mark.req("L35")
def test_a_page_that_comes_back_without_its_session_hears_it_at_the_handshake(product, visit, ana, columns):
    page = is_live(visit(ana))
    page.context.clear_cookies()
    product.close()
    product.open()
    is_signed_out(page)


@pytest.mark.req("L35", "L11")
def test_a_change_after_the_end_of_the_session_says_so(visit, ana, columns, monkeypatch):
    monkeypatch.setattr(feed, "HEARTBEAT", 60.0)
    page = is_live(visit(ana))
    revoke.end_all_sessions(ana, by=ana)
    page.locator(".quick-add__title").first.fill("Paint the quay")
    page.locator(".quick-add__title").first.press("Enter")
    is_signed_out(page)


def entry(page: Page, text: str):
    return page.locator(".index--plain > li", has_text=text)


@pytest.mark.req("A2", "L33", "E7")
def test_signing_out_everywhere_else_closes_the_other_board_and_keeps_this_one(visit, ana, columns):
    there = is_live(visit(ana, user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0"))
    here = is_live(visit(ana))
    profile = here.context.new_page()
    profile.goto("/accounts/profile/")
    profile.get_by_role("button", name="Sign out everywhere else").click()
    expect(profile.get_by_text("You are signed out everywhere else.")).to_be_visible()
    is_signed_out(there)
    expect(here.locator("html")).to_have_attribute("data-live", "on")
    expect(profile.locator(".index--plain > li")).to_have_count(1)


@pytest.mark.req("A2")
@pytest.mark.parametrize("has_script", [True, False])
def test_one_of_several_is_signed_out_and_this_one_last(visit, ana, columns, has_script):
    there, here = visit(ana), visit(ana, "/accounts/profile/", java_script_enabled=has_script)
    ana.sessions.exclude(pk=session_key(here)).update(device="Firefox/150.0 (Linux)")
    here.reload()
    entry(here, "Firefox on Linux").get_by_role("button", name="Sign out").click()
    expect(here.locator(".index--plain > li")).to_have_count(1)
    there.reload()
    expect(there.get_by_text("Your session has ended.")).to_be_visible()
    entry(here, "this one").get_by_role("button", name="Sign out").click()
    expect(here.get_by_text("You are signed out.")).to_be_visible()


def session_key(page: Page) -> str:
    return {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}["session"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1440])
def test_the_list_fits_and_axe_finds_nothing(visit, ana, theme, width):
    visit(ana)
    page = visit(ana, "/accounts/profile/", viewport=(width, 900), color_scheme=theme)
    ana.sessions.update(device="Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0", address="2001:db8:85a3::8a2e:370:7334")
    page.reload()
    assert page.evaluate("document.querySelector('.page').scrollWidth <= innerWidth")
    assert not faults_of(page)
