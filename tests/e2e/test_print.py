"""On paper: a board, a task and a room, whole, light, and without what can only be clicked."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Page

from apps.chat.messages.actions.post import post
from apps.chat.tests.factories import room_of
from apps.tasks.actions.assign import assign
from apps.tasks.actions.comment import comment
from apps.tasks.actions.edit import edit
from apps.tasks.models import Task
from apps.tasks.tests.factories import LabelFactory, task_in
from tests.e2e.conftest import is_live

pytestmark = pytest.mark.req("FLT-34")
PAPER = {"width": 688, "height": 1016}  # A4 without its margins, in CSS pixels
LONG = "\n".join(f"Line {n} of the tables" for n in range(1, 91))
# What is printed of the page's texts, and what of it would be cut off.
TEXTS = """() => {
  const found = {texts: [], cut: [], controls: []}
  for (const element of document.querySelectorAll("body *")) {
    if (!element.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true})) continue
    if (element.matches("button, input, select, textarea, .button, .glyph")) found.controls.push(element.outerHTML)
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join("").trim()
    if (!text || element.closest(".clip, script, template, title")) continue
    found.texts.push(text)
    const {left, right} = element.getBoundingClientRect()
    let isCut = left < -1 || right > innerWidth + 1
    for (let around = element; around !== document.body; around = around.parentElement) {
      const {overflowX, overflowY} = getComputedStyle(around)
      isCut ||= overflowX !== "visible" && around.scrollWidth > around.clientWidth + 1
      isCut ||= overflowY !== "visible" && around.scrollHeight > around.clientHeight + 1
    }
    if (isCut) found.cut.push(text)
  }
  return found
}"""


class Paper:
    """A page as it is printed."""

    def __init__(self, page: Page) -> None:
        page.set_viewport_size(PAPER)
        pdf = page.pdf(format="A4", print_background=True)
        self.pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
        page.emulate_media(media="print")
        found = page.evaluate(TEXTS)
        self.page, self.text, self.cut, self.controls = page, "\n".join(found["texts"]), found["cut"], found["controls"]

    def lightness(self, selector: str) -> tuple[float, float]:
        """Of what is written and of what it stands on."""
        style = "e => [getComputedStyle(e).color, getComputedStyle(document.documentElement).backgroundColor]"
        text, ground = self.page.locator(selector).first.evaluate(style)
        return float(re.findall(r"[\d.]+", text)[0]), float(re.findall(r"[\d.]+", ground)[-1])


@pytest.fixture
def printed(visit) -> Callable[..., Paper]:
    return lambda user, path, **options: Paper(is_live(visit(user, path, **options)))


@pytest.mark.parametrize("density", ["", "compact"])
@pytest.mark.parametrize("viewport", [(1440, 900), (390, 844)])
def test_print_of_a_board_has_all_loaded_cards(printed, ana, columns, density, viewport):
    type(ana).objects.filter(pk=ana.pk).update(theme="dark", density=density)
    label = LabelFactory(project=columns["ready"].project, name="timetable " * 4)
    for n in range(1, 61):
        task_in(columns["ready"], f"Ferry {n} " + "between the islands and the quay " * (1 + n % 5))
    task = Task.objects.get(title__startswith="Ferry 3 ")
    edit(task, labels=[label], by=ana)
    assign(task, to=ana, by=ana)
    task_in(columns["done"], "Paint the quay")

    paper = printed(ana, "/projects/TIDE/", viewport=viewport)
    assert paper.cut == []
    assert paper.controls == []
    for title in ["Tidewater", *(f"Ferry {n} " for n in range(1, 26)), "Paint the quay", "In progress", "timetable"]:
        assert title in paper.text
    assert "More cards of this column were not loaded, so they are not printed." in paper.text
    assert "Ferry 26" not in paper.text
    assert 2 <= paper.pages <= 5
    ink, ground = paper.lightness(".column__name")
    assert (ink < 0.5, ground) == (True, 0)  # dark on the paper's own white


def test_print_of_a_board_whose_cards_are_all_loaded_says_no_more(printed, ana, columns):
    task_in(columns["ready"], "Ask for a deposit")
    paper = printed(ana, "/projects/TIDE/")
    assert "not loaded" not in paper.text
    assert paper.pages == 1


@pytest.mark.parametrize("path", ["", "?full"])
def test_print_of_a_task_has_its_whole_texts_and_no_form(printed, ana, ben, columns, path):
    type(ana).objects.filter(pk=ana.pk).update(theme="dark")
    task = task_in(columns["ready"], "Move all departure times to UTC")
    table = "| harbour | " + " | ".join(f"ferry number {n}" for n in range(12)) + " |\n" + "|---" * 13 + "|\n"
    words = f"Read [the tables](https://tides.example/2027) first.\n\n{table}| Skerry" + " | 07:45" * 12 + " |\n\n"
    edit(task, description=f"{words}```\n{'long line ' * 40}\n```", by=ana)
    assign(task, to=ben, by=ana)
    comment(task, text=LONG.replace("\n", "\n\n"), by=ben)
    task_in(columns["ready"], "Tell the crews", parent=task)

    paper = printed(ana, f"/projects/TIDE/tasks/{task.number}/{path}")
    assert paper.cut == []
    assert paper.controls == []
    for text in [
        "TIDE-1",
        task.title,
        "To do",
        "Normal",
        "Ben Okoro",
        "Tell the crews",
        "Line 1 of",
        "Line 90 of",
        "07:45",
    ]:
        assert text in paper.text
    for text in ["Show all", "Add a subtask", "Write to the team"]:
        assert text not in paper.text
    beside = paper.page.get_by_role("link", name="the tables")
    assert beside.evaluate("e => getComputedStyle(e, '::after').content") == '" (https://tides.example/2027)"'
    assert paper.pages >= 2


@pytest.mark.parametrize("is_last", [False, True])
def test_print_of_a_room_has_what_was_said_and_no_form(printed, board, ana, ben, is_last):
    room = room_of(board)
    post(room, text=LONG, by=ben, client_message_id=uuid4())
    for n in range(1, 90):
        last = post(room, text=f"Message {n} about the quay", by=(ana, ben)[n % 2], client_message_id=uuid4())

    paper = printed(ana, f"/projects/TIDE/chat/{room.pk}/" + (f"?around={last.pk}" if is_last else ""))
    assert paper.cut == []
    assert paper.controls == []
    expected = ["Message 89 about"] if is_last else ["Line 1 of", "Line 90 of", "Message 1 about"]
    for text in [room.name, "Ana Ruiz", "Ben Okoro", *expected]:
        assert text in paper.text
    assert ("What was before was not loaded" in paper.text) == ("Line 90 of" not in paper.text)
    assert ("What came after was not loaded" in paper.text) == ("Message 89 about" not in paper.text)
    assert is_last or paper.pages >= 2
