"""Words that are typed, pasted, dropped or composed are kept: in every field, in every tab, whatever is pressed."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from apps.chat.models import Room
from apps.chat.tests.factories import room_of
from apps.tasks.models import Comment, Task
from apps.tasks.tests.factories import task_in
from tests.e2e.conftest import faults_of, is_live

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("FLT-30")]
CHAT = "/projects/TIDE/chat/"


@pytest.fixture
def task(columns, ana) -> Task:
    return task_in(columns["ready"], "Paint the quay", description="Two coats.", by=ana)


@pytest.fixture
def room(board, columns) -> Room:
    return room_of(board)


@pytest.fixture
def opened(visit, task):
    """Open the task beside its board, as somebody."""

    def by(user, **options) -> Page:
        return is_live(visit(user, task.get_absolute_url(), **options))

    return by


@pytest.fixture
def enter(visit, room):
    def by(user, **options) -> Page:
        return is_live(visit(user, CHAT, **options))

    return by


def tab_beside(page: Page) -> Page:
    """Another tab of the same browser, at the same address."""
    other = page.context.new_page()
    other.set_default_timeout(10_000)
    other.goto(page.url)
    return is_live(other)


def comment_field(page: Page) -> Locator:
    return page.get_by_label("Write to the team")


def composer(page: Page) -> Locator:
    return page.locator(".chat__foot .composer__field")


def messages(page: Page) -> Locator:
    return page.locator(".message:not(.message--pending)")


def paste(field: Locator, text: str) -> None:
    """Paste as a person does: the browser itself puts it in."""
    field.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    field.page.evaluate("text => navigator.clipboard.writeText(text)", text)
    field.focus()
    field.press("ControlOrMeta+V")


# Beyond the limit


def too_long(count: int, limit: int) -> str:
    return f"That is too long: {count} characters, {limit} at most."


def test_pasted_title_beyond_the_limit_stays_whole_and_is_not_sent(visit, ana, columns):
    page = is_live(visit(ana))
    title = f"{'Paint the quay ' * 20}at last"
    field = page.locator(f"#column-{columns['ready'].pk} .quick-add__title")
    paste(field, title)
    expect(field).to_have_value(title)
    line = page.get_by_text(too_long(len(title), 200))
    expect(line).to_be_visible()
    field.press("Enter")
    expect(field).to_have_value(title)
    assert field.get_attribute("aria-invalid") == "true"
    assert faults_of(page) == []
    assert not Task.objects.exists()
    field.fill("Paint the quay")
    expect(line).to_have_count(0)
    field.press("Enter")
    expect(page.get_by_role("link", name="Paint the quay")).to_be_visible()


@pytest.mark.parametrize(
    ("label", "limit", "button"),
    [
        ("Write to the team", 50_000, "Send"),
        ("Description, in Markdown", 50_000, "Save"),
        ("Title", 200, "Save"),
        ("Add a subtask", 200, "Add"),
    ],
)
def test_every_field_of_a_task_keeps_what_is_too_long(opened, ana, task, label, limit, button):
    page = opened(ana)
    page.locator(".edit > summary").click()
    field = page.locator(".drawer").get_by_label(label)
    text = "😀" * (limit + 3)
    field.fill(text)
    expect(page.get_by_text(too_long(limit + 3, limit))).to_be_visible()
    field.locator("xpath=ancestor::form").get_by_role("button", name=button, exact=True).click()
    expect(field).to_be_focused()
    expect(field).to_have_value(text)
    task.refresh_from_db()
    assert (task.title, task.description, Comment.objects.count(), Task.objects.count()) == (
        "Paint the quay",
        "Two coats.",
        0,
        1,
    )
    field.fill("😀" * limit)
    expect(page.locator(".field__limit")).to_have_count(0)


def test_edited_message_keeps_what_is_too_long(enter, ana, room):
    page = enter(ana)
    composer(page).fill("Tide at six")
    composer(page).press("Enter")
    expect(messages(page)).to_have_count(1)
    composer(page).press("ArrowUp")
    field = page.locator(".message__edit textarea")
    field.fill("z" * 50_001)
    expect(page.get_by_text(too_long(50_001, 50_000))).to_be_visible()
    field.press("Enter")
    expect(field).to_have_value("z" * 50_001)
    assert room.messages.get().text == "Tide at six"


def test_without_a_script_the_page_comes_back_with_all_words(visit, ana, task):
    page = visit(ana, f"{task.get_absolute_url()}?full", java_script_enabled=False)
    page.locator(".edit > summary").click()
    page.get_by_label("Title").fill("q" * 205)
    page.locator(".edit").get_by_role("button", name="Save").click()
    expect(page.get_by_text(too_long(205, 200))).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("q" * 205)


# What is saved beside


def test_saving_a_description_leaves_a_title_of_two_lines(opened, ana, task):
    Task.objects.filter(pk=task.pk).update(title="Paint the quay\nbefore winter")
    page = opened(ana)
    page.locator(".edit > summary").click()
    expect(page.get_by_label("Title")).to_have_value("Paint the quay before winter")
    page.get_by_label("Description, in Markdown").fill("Three coats.")
    page.locator(".edit").get_by_role("button", name="Save").click()
    expect(page.locator(".task-panel__description .prose")).to_have_text("Three coats.")
    task.refresh_from_db()
    assert task.title == "Paint the quay\nbefore winter"
