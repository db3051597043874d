"""What one does oneself is never out of sight, and is told as it is: where the card went, or why it did not."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from apps.projects.models import Membership, Role
from apps.tasks.actions.create import create
from apps.tasks.actions.move import move
from apps.tasks.models import Task
from apps.tasks.tests.factories import task_in
from tests.e2e.conftest import is_live, until
from tests.e2e.test_board import card, column_list, drag, titles
from tests.e2e.test_chat import enter, message, room, say  # noqa: F401

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("FLT-31")]
LONG = 73


@pytest.fixture
def long(columns) -> list[Task]:
    """The cards of a column of which the page shows the first 25."""
    return [task_in(columns["ready"], f"Task {number}") for number in range(1, LONG + 1)]


def add(page: Page, title: str) -> None:
    box = page.get_by_label("Add a task: To do")
    box.fill(title)
    box.press("Enter")


def newest() -> Task:
    return Task.objects.latest("pk")


def said(page: Page):
    return page.locator("#announcement")


def gaps(page: Page, column):
    return column_list(page, column).locator(".column__more")


def order(page: Page, column) -> list[str]:
    """The ends of the list as it is shown, with its gaps."""
    return column_list(page, column).evaluate(
        """list => [...list.children].filter(each => each.matches("[id], .column__more"))
            .map(each => each.id ? each.querySelector(".card__link").textContent : "…")"""
    )


def move_by_form(page: Page, task: Task, *, to=None, place: str = "end") -> None:
    card(page, task).locator(".card__move").focus()
    page.keyboard.press("Enter")
    if to:
        page.locator("dialog select[name=to]").select_option(str(to.pk))
    page.locator("dialog select[name=place]").select_option(place)
    page.locator("dialog").get_by_role("button", name="Move", exact=True).click()


def focus(page: Page, task: Task) -> None:
    card(page, task).locator(".card__link").focus()


# Where it went


@pytest.mark.parametrize("size", [(1440, 900), (768, 1024), (390, 844)])
def test_new_card_in_a_long_column_is_shown_behind_the_gap(visit, ana, columns, long, size):
    page = is_live(visit(ana, viewport=size))
    if size[0] < 768:
        page.locator(".strip__link", has_text="To do").click()
    add(page, "Buy rope")
    added = card(page, newest_titled("Buy rope"))
    expect(added).to_be_in_viewport()
    assert order(page, columns["ready"])[24:] == ["Task 25", "…", "Buy rope"]
    expect(said(page)).to_have_text("Buy rope is added: To do, place 74 of 74.")
    expect(page.get_by_label("Add a task: To do")).to_be_focused()


def newest_titled(title: str) -> Task:
    until(lambda: Task.objects.filter(title=title).exists())
    return Task.objects.get(title=title)


def test_new_cards_one_after_the_other_stand_in_order(visit, ana, ben, columns, long):
    page = is_live(visit(ana))
    for title in ("One", "Two", "Three"):
        add(page, title)
    expect(said(page)).to_have_text("Three is added: To do, place 76 of 76.")
    assert order(page, columns["ready"])[24:] == ["Task 25", "…", "One", "Two", "Three"]
    create(columns["ready"].project, title="Ben's", by=ben, column=columns["ready"])
    move(long[39], to=columns["doing"], by=ben)
    expect(column_list(page, columns["ready"]).locator(".card__link").last).to_have_text("Ben's")


def test_new_card_is_in_sight_in_a_column_that_is_taller_than_the_window(visit, ana, columns):
    for number in range(20):
        task_in(columns["ready"], f"Task {number}")
    page = is_live(visit(ana))
    add(page, "The last one")
    expect(card(page, newest_titled("The last one"))).to_be_in_viewport()


def test_gap_is_filled_when_it_is_asked_for(visit, ana, columns, long):
    page = is_live(visit(ana))
    add(page, "Buy rope")
    expect(card(page, newest_titled("Buy rope"))).to_be_in_viewport()
    gaps(page, columns["ready"]).locator("a").focus()
    page.keyboard.press("Enter")
    expect(gaps(page, columns["ready"])).to_have_count(0)
    assert titles(page, columns["ready"]) == [*[f"Task {number}" for number in range(1, 74)], "Buy rope"]
    expect(card(page, long[25]).locator(".card__link")).to_be_focused()


def test_what_others_did_in_the_gap_is_there_when_it_is_filled(visit, ana, ben, columns, long):
    page = is_live(visit(ana))
    add(page, "Buy rope")
    expect(card(page, newest_titled("Buy rope"))).to_be_in_viewport()
    gap = gaps(page, columns["ready"]).locator("a")
    waiting: list[Route] = []
    page.route("**/columns/**", lambda route: waiting.append(route))
    gap.click()
    until(lambda: page.wait_for_timeout(20) or waiting)
    answer = waiting[0].fetch()
    move(long[0], to=columns["ready"], after=long[49], by=ben)
    move(long[59], to=columns["doing"], by=ben)
    expect(card(page, long[0])).to_have_count(0)
    expect(card(page, long[59])).to_have_count(1)
    waiting[0].fulfill(response=answer)
    expect(gaps(page, columns["ready"])).to_have_count(0)
    wanted = list(columns["ready"].tasks.values_list("title", flat=True))
    assert titles(page, columns["ready"]) == wanted
    assert "Task 60" not in wanted


def test_move_to_the_end_is_shown_and_led_to(visit, ana, columns, long):
    page = is_live(visit(ana))
    move_by_form(page, long[0])
    expect(said(page)).to_have_text("Task 1 is moved: To do, place 73 of 73.")
    toast = page.locator(".toast")
    expect(toast).to_contain_text("TIDE-1 is in To do, place 73 of 73.")
    assert order(page, columns["ready"])[22:] == ["Task 24", "Task 25", "…", "Task 1"]
    toast.get_by_role("link", name="Show").click()
    expect(card(page, long[0])).to_be_in_viewport()
    expect(card(page, long[0]).locator(".card__link")).to_be_focused()
    expect(toast).to_have_count(0)


def test_move_to_the_end_of_another_long_column(visit, ana, columns, long):
    task = task_in(columns["backlog"], "From elsewhere")
    page = is_live(visit(ana, viewport=(390, 844)))
    move_by_form(page, task, to=columns["ready"])
    page.locator(".toast").get_by_role("link", name="Show").click()
    expect(card(page, task)).to_be_in_viewport()
    assert order(page, columns["ready"])[24:] == ["Task 25", "…", "From elsewhere"]


def test_move_that_stays_in_sight_has_no_toast(visit, ana, columns):
    task = task_in(columns["backlog"], "Near")
    page = is_live(visit(ana))
    move_by_form(page, task, to=columns["ready"])
    expect(said(page)).to_have_text("Near is moved: To do, place 1 of 1.")
    expect(card(page, task)).to_be_in_viewport()
    page.wait_for_timeout(100)
    expect(page.locator(".toast")).to_have_count(0)


def test_drop_below_the_loaded_cards_stays_there(visit, ana, columns, long):
    task = task_in(columns["doing"], "Dropped")
    page = is_live(visit(ana))
    page.route("**/columns/**", lambda route: route.abort())
    last = card(page, long[24])
    last.scroll_into_view_if_needed()
    drag(page, task, gaps(page, columns["ready"]))
    expect(said(page)).to_have_text("Dropped is moved: To do, place 26 of 74.")
    expect(card(page, task)).to_be_in_viewport()
    assert order(page, columns["ready"])[24:] == ["Task 25", "Dropped", "…"]
    assert list(columns["ready"].tasks.values_list("title", flat=True))[24:27] == ["Task 25", "Dropped", "Task 26"]


def test_keyboard_step_past_the_gap_is_true(visit, ana, columns, long):
    page = is_live(visit(ana))
    add(page, "Buy rope")
    expect(card(page, newest_titled("Buy rope"))).to_be_in_viewport()
    focus(page, newest())
    page.keyboard.press("Shift+ArrowUp")
    expect(said(page)).to_have_text("Buy rope is moved: To do, place 26 of 74.")
    assert order(page, columns["ready"])[24:] == ["Task 25", "Buy rope", "…"]
    assert titles_of(columns["ready"])[25] == "Buy rope"


def titles_of(column) -> list[str]:
    return list(column.tasks.values_list("title", flat=True))


def test_card_that_was_made_though_its_answer_was_lost_is_shown_once(visit, ana, columns, long):
    page = is_live(visit(ana))
    page.route("**/projects/TIDE/tasks/", lost_after_it_was_done, times=1)
    add(page, "Buy rope")
    expect(card(page, newest_titled("Buy rope"))).to_be_in_viewport()
    expect(said(page)).to_contain_text("Buy rope")
    expect(page.locator(".toast")).to_have_count(0)
    assert Task.objects.filter(title="Buy rope").count() == 1


def is_post(route: Route) -> bool:
    return route.request.method == "POST"


def lost_after_it_was_done(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text()[:20])


def test_move_that_was_made_though_its_answer_was_lost_is_shown(visit, ana, columns, long):
    page = is_live(visit(ana))
    page.route("**/move/", lambda route: lost_after_it_was_done(route) if is_post(route) else route.continue_())
    with page.expect_response("**/updates/**"):
        move_by_form(page, long[0])
    expect(gaps(page, columns["ready"])).to_have_count(2)
    assert order(page, columns["ready"])[24:26] == ["…", "Task 1"]


def test_without_a_script_the_board_shows_the_new_card(visit, ana, columns, long):
    page = visit(ana, java_script_enabled=False)
    add(page, "Buy rope")
    added = newest_titled("Buy rope")
    expect(page).to_have_url(re.compile(rf"/projects/TIDE/\?show={added.number}#task-{added.pk}$"))
    assert titles(page, columns["ready"])[24:] == ["Task 25", "Buy rope"]
    expect(card(page, added)).to_be_in_viewport()
    gaps(page, columns["ready"]).locator("a").click()
    expect(page.locator(".card__link")).to_have_count(48)


def test_card_of_the_open_task_is_shown_beside_it(visit, ana, columns, long):
    page = is_live(visit(ana, f"/projects/TIDE/tasks/{long[0].number}/"))
    end = task_in(columns["review"], "Last in review")
    for number in range(30):
        move(task_in(columns["review"], f"Reviewed {number}"), to=columns["review"], before=end, by=ana)
    page.reload()
    is_live(page)
    page.locator(".drawer select[name=to]").select_option(str(columns["review"].pk))
    expect(column_list(page, columns["review"]).locator(f"#task-{long[0].pk}")).to_be_in_viewport()
    assert order(page, columns["review"])[25:] == ["…", "Task 1"]


# The true place


def test_carried_card_is_told_its_true_place(visit, ana, columns, long):
    doing = task_in(columns["doing"], "Under way")
    page = is_live(visit(ana))
    page.route("**/columns/**", lambda route: route.abort())
    focus(page, long[1])
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(said(page)).to_have_text("Task 2: To do, place 3 of 73.")
    page.keyboard.press("ArrowRight")
    expect(said(page)).to_have_text("Task 2: In progress, place 2 of 2.")
    page.keyboard.press("ArrowLeft")
    expect(said(page)).to_have_text("Task 2: To do, place 2 of 73.")
    page.keyboard.press("Escape")
    expect(said(page)).to_have_text("Task 2 is back where it was.")
    focus(page, doing)
    page.keyboard.press("Shift+ArrowLeft")
    expect(said(page)).to_have_text("Under way is moved: To do, place 1 of 74.")


def test_lifted_card_that_others_moved_is_told_where_it_is(visit, ana, ben, columns):
    task, marker = task_in(columns["ready"], "In my hand"), task_in(columns["backlog"], "Marker")
    page = is_live(visit(ana))
    focus(page, task)
    page.keyboard.press("Space")
    move(task, to=columns["review"], by=ben)
    move(marker, to=columns["review"], by=ben)
    expect(column_list(page, columns["review"]).locator(f"#task-{marker.pk}")).to_be_visible()
    page.keyboard.press("Escape")
    expect(said(page)).to_have_text("In my hand: Review, place 1 of 2.")


# Only what happened


def refuse(status: int, body: str = "<html>no</html>", kind: str = "text/html"):
    return lambda route: route.fulfill(status=status, content_type=kind, body=body)


SENTENCES = {
    400: "The board did not take this (error 400).",
    403: "You may not do this here.",
    404: "This is gone, or you may no longer see it.",
    409: "Someone changed this first.",
    410: "This is gone, or you may no longer see it.",
    413: "This is more than the board takes at once.",
    429: "Too many requests in a short time.",
    500: "Something went wrong on our side.",
    503: "The board is not available just now.",
}
LOST = (500, 503)


def record_announcements(page: Page) -> None:
    page.evaluate(
        """() => {
            window.said = []
            const line = document.getElementById("announcement")
            new MutationObserver(() => window.said.push(line.textContent)).observe(line, { childList: true })
        }"""
    )


@pytest.mark.parametrize("status", SENTENCES)
def test_refused_drop_is_told_as_it_is(visit, ana, columns, status):
    task = task_in(columns["ready"], "Contested")
    page = is_live(visit(ana))
    page.route("**/move/", refuse(status))
    focus(page, task)
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    record_announcements(page)
    page.keyboard.press("Space")
    expect(said(page)).to_have_text("Contested was not moved. It is in To do, place 1 of 1.")
    expect(page.locator(".toast")).to_contain_text(f"Contested: {SENTENCES[status]}")
    expect(page.locator(".toast").get_by_role("button", name="Retry")).to_have_count(1 if status in LOST else 0)
    assert titles(page, columns["ready"]) == ["Contested"]
    expect(card(page, task).locator(".card__link")).to_be_focused()
    assert page.evaluate("window.said") == ["Contested was not moved. It is in To do, place 1 of 1."]


@pytest.mark.parametrize("way", ["drag", "keys", "form"])
def test_move_refused_by_a_rule_goes_back_and_says_so(visit, ana, columns, way):
    first, task = task_in(columns["ready"], "First"), task_in(columns["ready"], "Second")
    page = is_live(visit(ana))
    Membership.objects.filter(user=ana).update(role=Role.VIEWER)
    record_announcements(page)
    if way == "drag":
        drag(page, task, column_list(page, columns["doing"]))
    elif way == "keys":
        focus(page, task)
        page.keyboard.press("Shift+ArrowRight")
    else:
        Membership.objects.filter(user=ana).update(role=Role.MEMBER)
        card(page, task).locator(".card__move").focus()
        page.keyboard.press("Enter")
        page.locator("dialog select[name=to]").select_option(str(columns["doing"].pk))
        Membership.objects.filter(user=ana).update(role=Role.VIEWER)
        page.locator("dialog").get_by_role("button", name="Move", exact=True).click()
    expect(said(page)).to_have_text("Second was not moved. It is in To do, place 2 of 2.")
    assert page.evaluate("window.said") == ["Second was not moved. It is in To do, place 2 of 2."]
    assert titles(page, columns["ready"]) == [first.title, task.title]


def test_move_after_a_refused_one_goes_back_to_where_the_board_has_it(visit, ana, columns):
    task = task_in(columns["ready"], "Hasty")
    page = is_live(visit(ana))
    page.route("**/move/", refuse(404), times=1)
    focus(page, task)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".toast")).to_have_count(2)
    expect(page.locator("[data-held]")).to_have_count(0)
    expect(said(page)).to_have_text("Hasty was not moved. It is in To do, place 1 of 1.")
    assert titles(page, columns["ready"]) == ["Hasty"]


def test_conflict_tells_where_the_other_one_put_it(visit, ana, ben, columns):
    task = task_in(columns["ready"], "Contested")
    page = is_live(visit(ana))
    focus(page, task)
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    move(task, to=columns["review"], by=ben)
    page.keyboard.press("Space")
    expect(said(page)).to_have_text("Contested was not moved. It is in Review, place 1 of 1.")
    expect(page.locator(".toast")).to_contain_text("Contested: Someone else moved this task first.")
    expect(column_list(page, columns["review"]).locator(f"#task-{task.pk}")).to_be_visible()


def test_move_is_told_when_its_answer_is_there(visit, ana, columns):
    task = task_in(columns["ready"], "Patient")
    page = is_live(visit(ana))
    waiting: list[Route] = []
    page.route("**/move/", lambda route: waiting.append(route))
    record_announcements(page)
    focus(page, task)
    page.keyboard.press("Shift+ArrowRight")
    until(lambda: page.wait_for_timeout(20) or waiting)
    assert page.evaluate("window.said") == []
    waiting[0].continue_()
    expect(said(page)).to_have_text("Patient is moved: In progress, place 1 of 1.")


@pytest.mark.parametrize("status", SENTENCES)
def test_refused_new_card_says_why_and_nothing_else(visit, ana, columns, status):
    page = is_live(visit(ana))
    page.route("**/projects/TIDE/tasks/", refuse(status))
    record_announcements(page)
    add(page, "Buy rope")
    expect(page.locator(".toast")).to_contain_text(f"Buy rope: {SENTENCES[status]}")
    expect(page.get_by_label("Add a task: To do")).to_have_value("Buy rope")
    assert page.evaluate("window.said") == []


@pytest.mark.parametrize("status", [403, 404, 413, 503])
def test_refused_comment_says_why(visit, ana, columns, status):
    task = task_in(columns["ready"], "Open")
    page = is_live(visit(ana, f"/projects/TIDE/tasks/{task.number}/"))
    page.route("**/comment/", refuse(status))
    page.locator(".drawer .composer__field").fill("Said in vain")
    page.locator(".drawer .composer__field").press("Control+Enter")
    expect(page.locator(".drawer .refusal")).to_contain_text(SENTENCES[status])
    expect(page.locator(".drawer .composer__field")).to_have_value("Said in vain")


@pytest.mark.parametrize("status", [403, 404, 413, 429, 503])
def test_refused_message_says_why(enter, ana, room, status):  # noqa: F811
    page = enter(ana)
    page.route("**/messages/", refuse(status))
    say(page, "Said in vain")
    pending = page.locator(".message--pending")
    expect(pending).to_contain_text(SENTENCES[status])
    page.unroute("**/messages/")
    pending.get_by_role("button", name="Try again").click()
    expect(message(page, "Said in vain")).to_have_count(1)


@pytest.mark.parametrize("status", [404, 413, 503])
def test_refused_file_says_why(enter, ana, room, status):  # noqa: F811
    page = enter(ana)
    page.route("**/files/", refuse(status))
    page.locator(".composer [type=file]").set_input_files(
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Notes"}
    )
    expect(page.locator(".composer__files [role=status]")).to_contain_text(SENTENCES[status])


def test_form_of_a_message_that_is_gone_says_so(enter, ana, room):  # noqa: F811
    page = enter(ana)
    say(page, "Here today")
    expect(message(page, "Here today")).to_have_count(1)
    page.route("**/edit/", refuse(404))
    page.locator(".composer__field").press("ArrowUp")
    expect(page.locator(".toast")).to_have_text(SENTENCES[404])
