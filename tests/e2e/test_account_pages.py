"""The sign-in page and one's own pages, in a browser."""

from datetime import UTC, datetime
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from apps.accounts.login import errors
from apps.tasks.actions.assign import assign
from apps.tasks.tests.factories import task_in
from tests.e2e.conftest import faults_of, is_live, until

pytestmark = pytest.mark.django_db(transaction=True)
PROFILE = "/accounts/profile/"
PASSWORD = "correct horse battery staple"


@pytest.fixture
def portrait() -> dict:
    file = BytesIO()
    Image.new("RGB", (300, 200), "teal").save(file, "PNG")
    return {"name": "me.png", "mimeType": "image/png", "buffer": file.getvalue()}


def upload(page: Page, portrait: dict) -> None:
    page.get_by_label("Upload a picture").set_input_files(portrait)
    page.locator("form", has=page.get_by_label("Upload a picture")).get_by_role("button", name="Save").click()


@pytest.mark.parametrize("has_script", [True, False])
def test_a_picture_is_chosen_and_removed(visit, ana, portrait, has_script):
    page = visit(ana, PROFILE, java_script_enabled=has_script)
    upload(page, portrait)
    own = page.locator(".settings__head .avatar__picture")
    expect(own).to_be_visible()
    expect(own).to_have_js_property("naturalWidth", 128)  # once it is there
    page.get_by_role("button", name="Remove the picture").click()
    expect(own).to_have_count(0)


@pytest.mark.parametrize("has_script", [True, False])
def test_another_hue_is_chosen(visit, ana, has_script):
    page = visit(ana, PROFILE, java_script_enabled=has_script)
    page.get_by_title("Leaf", exact=True).click()
    expect(page.get_by_role("radio", name="Leaf")).to_be_checked()
    page.get_by_role("button", name="Save").nth(1).click()
    expect(page.locator(".settings__head .avatar")).to_have_attribute("data-hue", "leaf")


def test_a_file_that_is_no_picture_is_refused_beside_the_field(visit, ana):
    page = visit(ana, PROFILE)
    upload(page, {"name": "me.png", "mimeType": "image/png", "buffer": b"<svg/>"})
    expect(page.get_by_text("That file is not a picture we can read.")).to_be_visible()


def test_a_new_picture_comes_to_the_boards_that_others_have_open(visit, board, columns, ana, ben, portrait):
    assign(task_in(columns["ready"], "Tide tables"), to=ana, by=ana)
    watching = is_live(visit(ben))
    expect(watching.locator(".card .avatar__picture")).to_have_count(0)
    upload(visit(ana, PROFILE), portrait)
    shown = watching.locator(".card .avatar__picture")
    expect(shown).to_be_visible()
    until(lambda: shown.evaluate("image => image.naturalWidth") == 128)


def test_times_are_told_in_the_zone_that_was_chosen(visit, ana):
    page = visit(ana, PROFILE, timezone_id="Europe/Berlin", now=datetime(2026, 3, 1, tzinfo=UTC))
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator("html")).to_have_attribute("data-zone", "Asia/Tokyo")
    said = page.evaluate("""async () => {
        document.getElementById("main").innerHTML = '<time datetime="2026-01-01T20:30:00Z"></time>'
        const { localTimes } = await import(new URL("times.js", document.querySelector("script[type=module]").src))
        localTimes(document)
        return document.querySelector("time").textContent
    }""")
    assert "Jan 2" in said
    assert "05:30" in said


def test_without_a_choice_the_server_is_told_the_browsers_zone(visit, ana):
    page = visit(ana, PROFILE, timezone_id="Europe/Berlin")
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    assert cookies["time_zone"] == "Europe/Berlin"


@pytest.mark.parametrize("has_script", [True, False])
def test_who_signs_out_is_told_so_and_signs_in_again(visit, ana, has_script):
    ana.set_password(PASSWORD)
    ana.save()
    page = visit(ana, PROFILE, java_script_enabled=has_script)
    page.get_by_label("Your menu, Ana Ruiz").click()
    page.get_by_role("banner").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status").get_by_text("You are signed out.")).to_be_visible()
    page.wait_for_load_state()  # a font that comes between press and release moves the button away
    page.get_by_label("Name").fill(ana.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Hello, Ana Ruiz")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [(1440, 900), (390, 844)])
def test_axe_finds_nothing(visit, ana, portrait, theme, viewport):
    ana.theme = theme
    ana.set_password(PASSWORD)
    ana.save()
    page = visit(ana, PROFILE, viewport=viewport)
    upload(page, portrait)
    expect(page.get_by_role("button", name="Remove the picture")).to_be_visible()
    assert not faults_of(page)
    upload(page, {"name": "me.png", "mimeType": "image/png", "buffer": b"<svg/>"})
    expect(page.get_by_text("That file is not a picture we can read.")).to_be_visible()
    assert not faults_of(page)
    page.context.clear_cookies()
    page.emulate_media(color_scheme=theme)
    for address in (errors.address_of("group_required"), errors.address_of("signed_out")):
        page.goto(address)
        assert not faults_of(page)
