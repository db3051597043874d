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


# Words and a picture


PASTE = """([kind, parts, files]) => {
    const brought = new DataTransfer()
    for (const [type, text] of Object.entries(parts)) brought.setData(type, text)
    for (const name of files) brought.items.add(new File(["not a picture"], name, {type: "image/png"}))
    const options = {bubbles: true, cancelable: true, composed: true}
    const event = kind === "paste"
        ? new ClipboardEvent(kind, {...options, clipboardData: brought})
        : new DragEvent(kind, {...options, dataTransfer: brought})
    document.activeElement.dispatchEvent(event)
}"""


def bring(field: Locator, kind: str, parts: dict[str, str], *files: str) -> None:
    field.focus()
    field.page.evaluate(PASTE, [kind, parts, list(files)])


def test_spreadsheet_pasted_into_a_room_is_its_words(enter, ana):
    page = enter(ana)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    composer(page).focus()
    page.evaluate("""async () => {
        const canvas = Object.assign(document.createElement("canvas"), {width: 4, height: 4})
        canvas.getContext("2d").fillRect(0, 0, 4, 4)
        const picture = await new Promise(done => canvas.toBlob(done))
        const words = text => new Blob([text], {type: "text/plain"})
        const table = new Blob(["<table><tr><td>Berth<td>Ship</table>"], {type: "text/html"})
        const parts = {"text/plain": words("Berth\\tShip"), "text/html": table, "image/png": picture}
        await navigator.clipboard.write([new ClipboardItem(parts)])
    }""")
    composer(page).press("ControlOrMeta+V")
    expect(composer(page)).to_have_value("Berth\tShip")
    expect(page.locator(".composer__files .file")).to_have_count(0)


@pytest.mark.parametrize("kind", ["paste", "drop"])
@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"text/plain": "Berth 1", "text/html": "<b>Berth 1</b>"}, "Berth 1"),
        ({"text/html": "<style>b {}</style><p>Berth 1</p>"}, "Berth 1"),
        ({"text/rtf": "{\\rtf1\\ansi Berth 1}"}, "Berth 1"),
        ({"text/plain": "tide.png"}, ""),
        ({}, ""),
    ],
)
def test_words_go_before_the_picture_of_them_and_a_picture_alone_is_added(enter, ana, kind, parts, words):
    page = enter(ana)
    bring(composer(page), kind, parts, "tide.png")
    expect(page.locator(".composer__files .file")).to_have_count(0 if words else 1)
    expect(composer(page)).to_have_value(words)


@pytest.mark.parametrize("kind", ["paste", "drop"])
@pytest.mark.parametrize("label", ["Write to the team", "Description, in Markdown", "Add a subtask"])
def test_words_with_a_picture_come_into_the_fields_of_a_task(opened, ana, kind, label):
    page = opened(ana)
    page.locator(".edit > summary").click()
    field = page.locator(".drawer").get_by_label(label)
    field.fill("")
    bring(field, kind, {"text/html": "<p>Berth 1</p>"}, "tide.png")
    expect(field).to_have_value("Berth 1")


def test_a_stray_file_does_not_replace_the_page(opened, ana):
    page = opened(ana)
    comment_field(page).fill("Half a tho")
    page.evaluate("""() => {
        const brought = new DataTransfer()
        brought.items.add(new File(["x"], "tide.png"))
        const drop = new DragEvent("drop", {bubbles: true, cancelable: true, dataTransfer: brought})
        document.documentElement.dataset.refused = !document.querySelector(".board").dispatchEvent(drop)
    }""")
    expect(page.locator("html")).to_have_attribute("data-refused", "true")


def test_two_lines_pasted_into_a_title_keep_their_words_apart(visit, ana, columns):
    page = is_live(visit(ana))
    field = page.locator(f"#column-{columns['ready'].pk} .quick-add__title")
    paste(field, "Paint the quay\nbefore winter\n")
    expect(field).to_have_value("Paint the quay before winter")


# A draft for each tab


def test_two_tabs_keep_a_comment_each(opened, ana, task):
    page = opened(ana)
    comment_field(page).fill("From one tab")
    other = tab_beside(page)
    expect(comment_field(other)).to_have_value("")
    comment_field(other).fill("From the other")
    for tab in (page, other):
        is_live(tab.reload() and tab)
    expect(comment_field(page)).to_have_value("From one tab")
    expect(comment_field(other)).to_have_value("From the other")
    for tab in (page, other):
        tab.get_by_role("button", name="Send", exact=True).click()
        expect(comment_field(tab)).to_have_value("")
    expect(page.locator(".entry__text")).to_have_text(["From one tab", "From the other"])
    assert is_live(tab_beside(page)).get_by_label("Write to the team").input_value() == ""


def test_two_tabs_keep_a_message_each(enter, ana, room):
    page = enter(ana)
    composer(page).fill("From one tab")
    other = tab_beside(page)
    composer(other).fill("From the other")
    for tab in (page, other):
        is_live(tab.reload() and tab)
    expect(composer(page)).to_have_value("From one tab")
    expect(composer(other)).to_have_value("From the other")
    composer(page).press("Enter")
    expect(messages(other)).to_have_count(1)
    expect(composer(other)).to_have_value("From the other")


def test_what_a_closed_tab_left_is_found_in_the_next_and_sent_once(opened, ana, task):
    page = opened(ana)
    comment_field(page).fill("Half a thought")
    page.locator(".edit > summary").click()
    page.get_by_label("Description, in Markdown").fill("Three coats.")
    later = tab_beside(page)
    page.close()
    later = is_live(later.reload() and later)
    expect(comment_field(later)).to_have_value("Half a thought")
    expect(later.get_by_label("Description, in Markdown")).to_have_value("Three coats.")
    later.get_by_role("button", name="Send", exact=True).click()
    expect(later.locator(".entry__text")).to_have_text(["Half a thought"])
    last = tab_beside(later)
    expect(comment_field(last)).to_have_value("")
    assert Comment.objects.count() == 1


def test_words_that_another_tab_has_sent_leave_this_one(opened, ana, task):
    page = opened(ana)
    comment_field(page).fill("Half a thought")
    page.evaluate("""() => {  // as when a browser holds a tab so long that it seems to be gone
        const key = Object.keys(localStorage).find(each => each.endsWith(":text@" + each.split("@")[1]))
        localStorage.setItem(key.split("@")[0] + "@gone", localStorage.getItem(key))
    }""")
    other = tab_beside(page)
    expect(comment_field(other)).to_have_value("Half a thought")
    other.get_by_role("button", name="Send", exact=True).click()
    expect(other.locator(".entry__text")).to_have_text(["Half a thought"])
    expect(comment_field(page)).to_have_value("")
    page.get_by_role("button", name="Send", exact=True).click()
    assert Comment.objects.count() == 1


def test_comment_whose_answer_was_lost_is_posted_once(opened, ana, task):
    page = opened(ana)

    def lose(route) -> None:
        route.fetch()
        route.abort()

    page.route("**/comment/", lose, times=1)
    comment_field(page).fill("Just once")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".drawer .refusal")).to_be_visible()
    expect(comment_field(page)).to_have_value("Just once")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(comment_field(page)).to_have_value("")
    comment_field(page).fill("And more")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".entry__text")).to_have_text(["Just once", "And more"])
    assert list(Comment.objects.order_by("pk").values_list("text", flat=True)) == ["Just once", "And more"]


def test_comment_sent_again_by_going_back_without_a_script(visit, ana, task):
    page = visit(ana, f"{task.get_absolute_url()}?full", java_script_enabled=False)
    for words in ("Just once", "Just once", "Other words"):
        comment_field(page).fill(words)
        with page.expect_navigation():
            page.get_by_role("button", name="Send", exact=True).click()
        if words != "Other words":
            page.go_back()
    if page.get_by_text("with other words than these").count():
        expect(comment_field(page)).to_have_value("Other words")
        page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".entry__text").last).to_have_text("Other words")
    texts = list(Comment.objects.order_by("pk").values_list("text", flat=True))
    assert texts[-1] == "Other words"
    assert texts.count("Just once") <= 2  # two, when the browser asks for the page anew


def test_a_prompt_and_a_subtask_half_written_are_drafts_too(opened, visit, ana, ben, task):
    page = opened(ana)
    page.get_by_label("Add a subtask").fill("Buy brushes")
    page.locator("summary[aria-label='Assigned']").click()
    prompt = page.get_by_label("Anything to add for an agent?")
    prompt.evaluate(
        "each => { each.value = 'Use marine paint.'; each.dispatchEvent(new Event('input', {bubbles: true})) }"
    )
    page.keyboard.press("Escape")
    page.locator(".drawer__title").focus()
    page.keyboard.press("Escape")
    expect(page.locator(".drawer")).to_have_count(0)
    page.get_by_role("link", name="Paint the quay").click()
    expect(page.get_by_label("Add a subtask")).to_have_value("Buy brushes")
    page.locator("summary[aria-label='Assigned']").click()
    expect(page.get_by_label("Anything to add for an agent?")).to_have_value("Use marine paint.")
    page.keyboard.press("Escape")
    page.get_by_label("Add a subtask").press("Enter")
    expect(page.locator(".checks__text")).to_have_text("Buy brushes")
    assert Task.objects.get(title="Buy brushes").parent == task


# Composing


def compose(field: Locator, text: str) -> None:
    """Have an input method make up `text`, which it has not finished."""
    field.focus()
    session = field.page.context.new_cdp_session(field.page)
    session.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})


def press_composing(field: Locator, key: str, **options) -> bool:
    """Press a key that the input method uses; whether nothing on the page used it as well."""
    return field.evaluate(
        """(each, [key, options]) => {
            const init = {key, bubbles: true, cancelable: true, isComposing: true, ...options}
            each.dispatchEvent(new KeyboardEvent("keydown", init))
        }""",
        [key, options],
    )


@pytest.mark.parametrize("how", [{}, {"isComposing": False, "keyCode": 229}])
def test_keys_of_an_input_method_do_nothing_to_the_page(opened, ana, how):
    page = opened(ana)
    comment_field(page).fill("てす")
    press_composing(comment_field(page), "Escape", **how)
    press_composing(comment_field(page), "Enter", ctrlKey=True, **how)
    page.locator("summary[aria-label='Assigned']").click()
    radio = page.get_by_role("radio", name="Unassigned")
    press_composing(radio, "Escape", **how)
    expect(radio).to_be_visible()
    expect(page.locator(".drawer")).to_be_visible()
    expect(comment_field(page)).to_have_value("てす")
    assert not Comment.objects.exists()


def test_escape_that_ends_a_composition_leaves_the_drawer(opened, ana):
    page = opened(ana)
    compose(comment_field(page), "てす")
    page.keyboard.press("Escape")
    expect(page.locator(".drawer")).to_be_visible()


def test_enter_that_ends_a_composition_adds_no_task(visit, ana, columns):
    page = is_live(visit(ana))
    field = page.locator(f"#column-{columns['ready'].pk} .quick-add__title")
    compose(field, "てす")
    page.keyboard.press("Enter")
    expect(field).to_have_value(re.compile("てす"))
    assert not Task.objects.exists()


def test_composing_in_a_room_sends_and_closes_nothing(enter, ana, room):
    page = enter(ana)
    composer(page).fill("Tide at six")
    composer(page).press("Enter")
    expect(messages(page)).to_have_count(1)
    composer(page).fill("てす")
    press_composing(composer(page), "Enter")
    composer(page).fill("")
    composer(page).press("ArrowUp")
    field = page.locator(".message__edit textarea")
    field.fill("てす")
    press_composing(field, "Enter")
    press_composing(field, "Escape")
    expect(field).to_have_value("てす")
    assert [message.text for message in room.messages.all()] == ["Tide at six"]


# Escape


def test_escape_asks_before_it_discards_an_edited_message(enter, ana, room):
    page = enter(ana)
    composer(page).fill("Tide at six")
    composer(page).press("Enter")
    expect(messages(page)).to_have_count(1)
    composer(page).press("ArrowUp")
    field = page.locator(".message__edit textarea")
    expect(field).to_be_focused()
    field.press("Escape")
    expect(field).to_have_count(0)
    composer(page).press("ArrowUp")
    field.fill("Tide at seven")
    field.press("Escape")
    question = page.get_by_role("dialog", name="Discard what you have written?")
    expect(question).to_be_visible()
    assert faults_of(page) == []
    page.keyboard.press("Escape")
    expect(question).to_have_count(0)
    expect(field).to_be_focused()
    expect(field).to_have_value("Tide at seven")
    field.press("Escape")
    question.get_by_role("button", name="Discard").click()
    expect(field).to_have_count(0)
    assert room.messages.get().text == "Tide at six"


def test_escape_asks_before_it_closes_a_dialog_with_words(enter, ana, room, task):
    page = enter(ana)
    composer(page).fill("Paint it twice")
    composer(page).press("Enter")
    expect(messages(page)).to_have_count(1)
    messages(page).focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Discuss it in a task").click()
    words = page.get_by_label("What you say there")
    words.fill("Two coats, then.")
    page.keyboard.press("Escape")
    question = page.get_by_role("dialog", name="Discard what you have written?")
    question.get_by_role("button", name="Cancel").click()
    expect(words).to_have_value("Two coats, then.")
    page.keyboard.press("Escape")
    question.get_by_role("button", name="Discard").click()
    expect(words).to_have_count(0)


def test_escape_keeps_a_draft_and_asks_where_the_browser_keeps_nothing(opened, ana, task):
    page = opened(ana)
    comment_field(page).fill("Half a tho")
    comment_field(page).press("Escape")
    expect(page.locator(".drawer")).to_have_count(0)
    page.get_by_role("link", name="Paint the quay").click()
    expect(comment_field(page)).to_have_value("Half a tho")
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full') } }")
    comment_field(page).press_sequentially("ught")
    comment_field(page).press("Escape")
    expect(page.get_by_role("dialog", name="Discard what you have written?")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(comment_field(page)).to_have_value(re.compile("ught"))


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
