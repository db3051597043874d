"""Answers that are cut off, never come or come as nonsense stop nothing: what comes after them is sent."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from apps.chat.models import Message, ReadMark
from apps.tasks.models import Task
from apps.tasks.tests.factories import task_in
from tests.e2e.conftest import is_live, until
from tests.e2e.test_board import card, column_list
from tests.e2e.test_chat import CHAT, enter, message, messages, room, said, say, unread  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
OLDER = re.compile(r"/messages/\?before=")
Answer = Callable[[Route], None]


def cut_off(route: Route) -> None:
    route.fulfill(content_type="application/json", body='{"epoch": "e1", "seq": 7, "ops": [{"op": "pu')


def cut_off_after_it_was_done(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text()[:20])


def no_line(route: Route) -> None:
    route.abort()


def nonsense(route: Route) -> None:
    route.fulfill(content_type="application/json", body="[null]")


TROUBLES = [cut_off, no_line, nonsense]


def move_right(page: Page, task: Task) -> None:
    card(page, task).locator(".card__link").focus()
    page.keyboard.press("Shift+ArrowRight")


def retry(page: Page) -> None:
    page.locator(".toast").get_by_role("button", name="Retry").click()


def never_answers(page: Page, url: str) -> list[Route]:
    """The first request to `url` waits for ever; the page's clock is ours from now on."""
    waiting: list[Route] = []
    page.clock.install()
    page.route(url, lambda route: waiting.append(route), times=1)
    return waiting


def give_up(page: Page, waiting: list[Route]) -> None:
    until(lambda: page.wait_for_timeout(20) or waiting)
    page.clock.fast_forward(20_000)


@pytest.mark.req("DND-4")
@pytest.mark.parametrize("answer", TROUBLES)
def test_move_with_a_lost_answer_goes_back_and_the_next_is_sent(visit, ana, columns, answer: Answer):
    lost, following = task_in(columns["ready"], "Lost"), task_in(columns["ready"], "Following")
    page = is_live(visit(ana))
    page.route("**/move/", answer, times=1)
    move_right(page, lost)
    move_right(page, following)
    until(lambda: Task.objects.get(pk=following.pk).column == columns["doing"])
    expect(column_list(page, columns["ready"]).locator(f"#task-{lost.pk}")).to_be_visible()
    expect(page.locator("[data-held]")).to_have_count(0)
    expect(page.locator(".toast")).to_contain_text("Lost: ")
    retry(page)
    until(lambda: Task.objects.get(pk=lost.pk).column == columns["doing"])
    expect(page.locator(".toast")).to_have_count(0)
    expect(column_list(page, columns["doing"]).locator(f"#task-{lost.pk}")).to_be_visible()


@pytest.mark.req("DND-4")
def test_move_that_is_never_answered_is_given_up(visit, ana, columns):
    lost, following = task_in(columns["ready"], "Lost"), task_in(columns["ready"], "Following")
    page = is_live(visit(ana))
    waiting = never_answers(page, "**/move/")
    move_right(page, lost)
    move_right(page, following)
    give_up(page, waiting)
    until(lambda: Task.objects.get(pk=following.pk).column == columns["doing"])
    expect(page.locator(".toast")).to_contain_text("Lost: No answer came.")
    expect(column_list(page, columns["ready"]).locator(".card__link")).to_have_text(["Lost"])


@pytest.mark.req("DND-4")
def test_move_that_was_made_stays_though_its_answer_was_cut_off(visit, ana, columns):
    task = task_in(columns["ready"], "Made")
    page = is_live(visit(ana))
    page.route("**/move/", cut_off_after_it_was_done, times=1)
    with page.expect_response("**/updates/**"):
        move_right(page, task)
    expect(page.locator("[data-held]")).to_have_count(0)
    expect(column_list(page, columns["doing"]).locator(f"#task-{task.pk}")).to_be_visible()
    expect(page.locator(".toast")).to_have_count(0)


def add(page: Page, title: str) -> None:
    box = page.get_by_label("Add a task: To do")
    box.fill(title)
    box.press("Enter")


@pytest.mark.parametrize("answer", TROUBLES)
def test_new_card_with_a_lost_answer_is_offered_again(visit, ana, columns, answer: Answer):
    page = is_live(visit(ana))
    page.route("**/projects/TIDE/tasks/", answer, times=1)
    add(page, "Lost")
    add(page, "Following")
    expect(column_list(page, columns["ready"]).locator(".card__link")).to_have_text(["Following"])
    expect(page.locator(".toast")).to_contain_text("Lost: ")
    retry(page)
    expect(column_list(page, columns["ready"]).locator(".card__link")).to_have_text(["Following", "Lost"])
    expect(page.get_by_label("Add a task: To do")).to_have_value("")


def test_title_that_comes_back_does_not_mix_with_the_next_one(visit, ana, columns):
    page = is_live(visit(ana))
    page.route("**/projects/TIDE/tasks/", cut_off, times=1)
    add(page, "Lost")
    expect(page.get_by_label("Add a task: To do")).to_have_value("Lost")
    page.keyboard.type("Following")
    page.keyboard.press("Enter")
    expect(column_list(page, columns["ready"]).locator(".card__link")).to_have_text(["Following"])
    expect(page.locator(".toast")).to_contain_text("Lost: ")


def test_new_card_that_was_made_is_not_made_twice(visit, ana, columns):
    page = is_live(visit(ana))
    page.route("**/projects/TIDE/tasks/", cut_off_after_it_was_done, times=1)
    with page.expect_response("**/updates/**"):
        add(page, "Made")
    expect(column_list(page, columns["ready"]).locator(".card__link")).to_have_text(["Made"])
    expect(page.locator(".toast")).to_have_count(0)
    expect(page.get_by_label("Add a task: To do")).to_have_value("")
    assert Task.objects.count() == 1


def test_panel_form_with_a_lost_answer_can_be_sent_again(visit, ana, columns):
    task = task_in(columns["ready"], "Open")
    page = is_live(visit(ana, f"/projects/TIDE/tasks/{task.number}/"))
    page.route("**/comment/", cut_off, times=1)
    page.locator(".drawer .composer__field").fill("Said twice, heard once")
    page.locator(".drawer .composer__field").press("Control+Enter")
    expect(page.locator(".drawer .refusal")).to_contain_text("No answer came.")
    page.locator(".drawer .composer__field").press("Control+Enter")
    expect(page.locator(".drawer .refusal")).to_have_count(0)
    until(lambda: task.comments.count() == 1)


@pytest.mark.req("CHT-3")
@pytest.mark.parametrize("answer", TROUBLES)
def test_message_with_a_lost_answer_stays_and_the_next_is_sent(enter, ana, room, answer: Answer):  # noqa: F811
    page = enter(ana)
    page.route("**/messages/", answer, times=1)
    say(page, "Lost")
    say(page, "Following")
    expect(message(page, "Following")).to_have_count(1)
    pending = page.locator(".message--pending")
    expect(pending).to_contain_text("Not sent yet.")
    pending.get_by_role("button", name="Try again").click()
    expect(messages(page)).to_have_count(2)
    expect(pending).to_have_count(0)
    assert sorted(room.messages.values_list("text", flat=True)) == ["Following", "Lost"]


@pytest.mark.req("CHT-3")
def test_message_that_is_never_answered_is_given_up(enter, ana, room):  # noqa: F811
    page = enter(ana)
    waiting = never_answers(page, "**/messages/")
    say(page, "Lost")
    say(page, "Following")
    give_up(page, waiting)
    expect(message(page, "Following")).to_have_count(1)
    expect(page.locator(".message--pending")).to_contain_text("Not sent yet.")


def scroll_to_top(page: Page) -> None:
    """Also while an earlier page is still under way, after which it is asked for once more."""
    page.locator(".chat__log").evaluate("log => { log.scrollTop = 0; log.dispatchEvent(new Event('scroll')) }")


@pytest.mark.parametrize("answer", [no_line, cut_off])
def test_page_of_messages_that_was_lost_is_offered_again(enter, ana, ben, said, room, answer: Answer):  # noqa: F811
    said(ben, *[f"Early {number}" for number in range(120)])
    page = enter(ana, f"{CHAT}?around={Message.objects.latest('pk').pk}")
    expect(message(page, "Early 119")).to_be_in_viewport()
    page.route(OLDER, answer)
    until(lambda: scroll_to_top(page) or page.locator(".toast").count())
    expect(page.locator(".toast")).to_contain_text("The messages could not be loaded.")
    expect(page.locator(".chat__log[aria-busy=true]")).to_have_count(0)
    shown = messages(page).count()
    page.unroute(OLDER)
    # The last scroll may ask once more by itself, which takes the offer away.
    offer = page.locator(".toast").get_by_role("button", name="Retry")
    until(lambda: offer.evaluate_all("all => all.forEach(each => each.click())") or messages(page).count() != shown)


def test_read_mark_that_was_lost_is_told_again(enter, ana, ben, said, room):  # noqa: F811
    page = enter(ana)
    page.clock.install()
    page.route("**/read/", cut_off, times=1)
    last = said(ben, "Read me")[0]
    with page.expect_request("**/read/"):
        expect(message(page, "Read me")).to_be_in_viewport()
        page.clock.run_for(1_000)
    until(lambda: page.clock.run_for(1_000) or ReadMark.objects.filter(user=ana, last_read_id=last.pk).exists())
    expect(unread(page)).to_be_hidden()
