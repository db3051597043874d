"""Names and texts that are written from the right, as a browser lays them out."""

import pytest

from apps.chat.tests.factories import message_in, room_of
from apps.tasks.models import Task
from apps.tasks.tests.factories import LabelFactory, task_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("FLT-33")]
LISTS = "- אחת\n- שתיים\n  1. שלוש\n\nEnglish:\n\n- one\n- אחת (two)\n\n> ציטוט\n\n| א | ב |\n|---|---|\n| 1 | ג |"


def test_lists_have_their_markers_on_the_side_of_their_writing(board, columns, ana, visit):
    task = task_in(columns["ready"], "קנו 3 חבלים (TIDE)")
    Task.objects.filter(pk=task.pk).update(description=LISTS)
    page = visit(ana, f"/projects/TIDE/tasks/{task.number}/")
    prose = page.locator(".prose")
    directions = prose.locator("ul, ol, blockquote, table").evaluate_all(
        "found => found.map((each) => `${each.localName} ${getComputedStyle(each).direction}`)"
    )
    assert directions == ["ul rtl", "ol rtl", "ul ltr", "blockquote rtl", "table rtl"]
    # The marker stands in the room that the list leaves on one side of its items.
    assert margins_of(prose.locator("ul").first) == (False, True)
    assert margins_of(prose.locator("ul").last) == (True, False)
    mixed = prose.locator("ul").last.locator("> li").last
    assert mixed.evaluate("found => getComputedStyle(found).textAlign") == "left"  # beside its marker


def margins_of(found) -> tuple[bool, bool]:
    """Whether the first item of a list leaves room on its left and on its right."""
    outer, inner = found.bounding_box(), found.locator("> li").first.bounding_box()
    left, right = inner["x"] - outer["x"], outer["x"] + outer["width"] - inner["x"] - inner["width"]
    return left > 5, right > 5


def test_names_keep_their_order_beside_others(board, columns, ana, visit):
    LabelFactory(project=board, name="דחוף!")
    task = task_in(columns["ready"], "קנו חבלים (3)")
    page = visit(ana, "/projects/TIDE/")
    title = page.locator(f"#task-{task.pk} .card__title bdi")
    assert title.evaluate("found => getComputedStyle(found).direction") == "rtl"
    assert page.locator(".board__title bdi").evaluate("found => getComputedStyle(found).direction") == "ltr"
    room = room_of(board)
    message_in(room, ana, f"see TIDE-{task.number} and 2.0")
    page = visit(ana, f"/projects/TIDE/chat/{room.pk}/")
    chip = page.locator(".chip bdi").first
    assert chip.evaluate("found => getComputedStyle(found).direction") == "rtl"


@pytest.mark.req("FLT-29")
def test_suggestions_open_behind_a_bracket_and_mention(board, ana, ben, visit):
    room = room_of(board)
    page = visit(ana, f"/projects/TIDE/chat/{room.pk}/")
    field = page.locator("#chat-say")
    field.press_sequentially("(“@be")
    page.locator(".suggestion").first.wait_for()
    field.press("Enter")
    assert field.input_value() == f"(“@{ben.username} "
    field.press("Enter")
    page.locator(f'.mention[data-user="{ben.pk}"]').wait_for()
    field.press_sequentially("> @be")
    assert page.locator(".suggestions").is_hidden()
