"""Signed out from elsewhere, in a browser."""

import pytest
from playwright.sync_api import Page, expect

from apps.accounts import revoking
from apps.projects import feed
from tests.e2e.conftest import is_live

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
    revoking.end_all_sessions(ana)
    is_signed_out(page)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_timeout(1500)
    assert opened == []
    page.get_by_role("link", name="Sign in").click()
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    assert page.url.endswith("next=/projects/TIDE/%3Fq%3D1")


@pytest.mark.req("L35")
def test_a_page_that_comes_back_without_its_session_hears_it_at_the_handshake(house, visit, ana, columns):
    page = is_live(visit(ana))
    page.context.clear_cookies()
    house.close()
    house.open()
    is_signed_out(page)


@pytest.mark.req("L35", "L11")
def test_a_change_after_the_end_of_the_session_says_so(visit, ana, columns, monkeypatch):
    monkeypatch.setattr(feed, "HEARTBEAT", 60.0)
    page = is_live(visit(ana))
    revoking.end_all_sessions(ana)
    page.locator(".quick__title").first.fill("Paint the quay")
    page.locator(".quick__title").first.press("Enter")
    is_signed_out(page)
