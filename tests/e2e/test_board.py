"""The board as two people use it."""

import pytest
from playwright.sync_api import Page, expect

from apps.tasks.actions.move import move
from apps.tasks.models import Task
from apps.tasks.tests.factories import task_in
from tests.e2e.conftest import faults_of, is_live, until

pytestmark = pytest.mark.django_db(transaction=True)


def titles(page: Page, column) -> list[str]:
    return page.locator(f"#column-{column.pk}-list .card__link").all_inner_texts()


def card(page: Page, task: Task):
    return page.locator(f"#task-{task.pk}")


def drag(page: Page, task: Task, to) -> None:
    card(page, task).locator(".card__title").hover()
    page.mouse.down()
    box = to.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + min(box["height"] / 2, 200)
    page.mouse.move(x, y - 30, steps=8)
    page.mouse.move(x, y, steps=4)
    page.wait_for_timeout(150)  # the list's own animation
    page.mouse.up()


def requests_of(page: Page) -> list[str]:
    posted: list[str] = []
    page.on("request", lambda request: request.method == "POST" and posted.append(request.url))
    return posted


def column_list(page: Page, column):
    return page.locator(f"#column-{column.pk}-list")


@pytest.mark.req("RT-5")
def test_a_drag_is_seen_by_the_other_one_in_the_movers_colour(visit, ana, ben, columns):
    task = task_in(columns["ready"], "Paint the quay", by=ana)
    one, other = is_live(visit(ana)), is_live(visit(ben))
    drag(one, task, column_list(one, columns["doing"]))
    expect(other.locator(f"#column-{columns['doing'].pk}-list #task-{task.pk} .card[data-moved]")).to_have_attribute(
        "data-hue", "plum"
    )
    expect(other.get_by_text("Ana Ruiz moved this here just now.")).to_be_visible()
    until(lambda: Task.objects.get(pk=task.pk).column == columns["doing"])
    expect(card(one, task)).to_have_count(1)
    expect(one.locator(".card[data-moved]")).to_have_count(0)
    expect(one.locator(f"#column-{columns['doing'].pk}-count")).to_have_attribute("data-count", "1")
    expect(other.locator(f"#column-{columns['ready'].pk}-count")).to_have_attribute("data-count", "0")


@pytest.mark.req("DND-4")
def test_a_drop_in_place_sends_nothing(visit, ana, columns):
    first = task_in(columns["ready"], "First")
    page = is_live(visit(ana))
    posted = requests_of(page)
    drag(page, first, card(page, first))
    page.wait_for_timeout(300)
    assert posted == []


@pytest.mark.req("DND-4")
def test_a_refused_drag_goes_back_with_its_reason(visit, ana, ben, columns):
    task = task_in(columns["ready"], "Contested")
    page = is_live(visit(ana))
    page.route(
        "**/move/",
        lambda route: route.fulfill(
            status=409, content_type="application/json", body='{"code": "conflict", "message": "Ben was faster."}'
        ),
    )
    drag(page, task, column_list(page, columns["doing"]))
    expect(page.get_by_text("Ben was faster.")).to_be_visible()
    expect(page.locator(f"#column-{columns['ready'].pk}-list #task-{task.pk}")).to_be_visible()


@pytest.mark.req("DND-2")
def test_the_keyboard_lifts_carries_and_drops(visit, ana, columns):
    task = task_in(columns["ready"], "Carry me")
    task_in(columns["doing"], "There already")
    page = is_live(visit(ana))
    card(page, task).locator(".card__link").focus()
    page.keyboard.press("Space")
    expect(page.locator("#announcement")).to_contain_text("Carry me is lifted.")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#announcement")).to_contain_text("Carry me: In progress, place 1 of 2.")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.locator("#announcement")).to_contain_text("Carry me is dropped: In progress, place 2 of 2.")
    until(lambda: Task.objects.get(pk=task.pk).column == columns["doing"])
    assert titles(page, columns["doing"]) == ["There already", "Carry me"]
    expect(card(page, task).locator(".card__link")).to_be_focused()


@pytest.mark.req("DND-2")
def test_escape_puts_a_lifted_card_back(visit, ana, columns):
    task = task_in(columns["ready"], "Not today")
    page = is_live(visit(ana))
    posted = requests_of(page)
    card(page, task).locator(".card__link").focus()
    for key in ("Space", "ArrowRight", "ArrowRight", "Escape"):
        page.keyboard.press(key)
    expect(page.locator("#announcement")).to_contain_text("Not today is back where it was.")
    assert titles(page, columns["ready"]) == ["Not today"]
    assert posted == []


def test_shift_and_arrows_move_at_once(visit, ana, columns):
    task = task_in(columns["ready"], "Quick")
    page = is_live(visit(ana))
    card(page, task).locator(".card__link").focus()
    page.keyboard.press("Shift+ArrowRight")
    until(lambda: Task.objects.get(pk=task.pk).column == columns["doing"])
    page.keyboard.press("[")
    until(lambda: Task.objects.get(pk=task.pk).column == columns["ready"])


@pytest.mark.req("DND-3")
def test_a_card_is_moved_by_taps_alone(visit, ana, columns):
    task = task_in(columns["ready"], "Tap me")
    page = is_live(visit(ana))
    card(page, task).hover()
    card(page, task).locator(".card__move").click()
    page.locator("dialog select[name=to]").select_option(str(columns["review"].pk))
    page.locator("dialog").get_by_role("button", name="Move", exact=True).click()
    expect(page.locator(f"#column-{columns['review'].pk}-list #task-{task.pk}")).to_be_visible()


@pytest.mark.req("DND-3")
def test_moving_and_adding_work_without_a_script(visit, ana, columns):
    task = task_in(columns["ready"], "Plain")
    page = visit(ana, java_script_enabled=False)
    page.goto(f"/projects/TIDE/tasks/{task.number}/move/")
    page.locator("select[name=to]").select_option(str(columns["done"].pk))
    page.get_by_role("button", name="Move", exact=True).click()
    assert titles(page, columns["done"]) == ["Plain"]
    page.get_by_label("Add a task: To do").fill("Typed by hand")
    page.get_by_label("Add a task: To do").press("Enter")
    assert titles(page, columns["ready"]) == ["Typed by hand"]


def test_five_titles_typed_make_five_cards_in_order(visit, ana, columns):
    page = is_live(visit(ana))
    box = page.get_by_label("Add a task: To do")
    box.focus()
    wanted = [f"Thing {number}" for number in range(5)]
    for title in wanted:
        page.keyboard.type(title)
        page.keyboard.press("Enter")
    expect(page.locator(f"#column-{columns['ready'].pk}-list .card__link")).to_have_text(wanted)
    expect(box).to_be_focused()


@pytest.mark.req("RT-3")
def test_a_page_that_was_cut_off_catches_up_without_reloading(visit, ana, ben, columns):
    tasks = [task_in(columns["ready"], f"Task {number}") for number in range(6)]
    page = is_live(visit(ana))
    page.evaluate("document.documentElement.dataset.same = 'page'")
    page.context.set_offline(True)
    for number, task in enumerate(tasks):
        move(task, to=columns["doing" if number % 2 else "review"], by=ben)
    task_in(columns["ready"], "New meanwhile", by=ben)
    page.context.set_offline(False)
    expect(page.locator(f"#column-{columns['ready'].pk}-list .card__link")).to_have_text(["New meanwhile"])
    expect(page.locator(f"#column-{columns['doing'].pk}-list li[id]")).to_have_count(3)
    assert page.locator("html[data-same=page]").count() == 1


@pytest.mark.req("RT-3", "RT-7")
def test_a_restarted_server_finds_its_pages_again(visit, product, ana, ben, columns):
    task = task_in(columns["ready"], "Survivor")
    page = is_live(visit(ana))
    product.close()
    page.wait_for_selector("html:not([data-live='on'])")
    move(task, to=columns["doing"], by=ben)
    product.open()
    is_live(page)
    expect(page.locator(f"#column-{columns['doing'].pk}-list #task-{task.pk}")).to_be_visible()


@pytest.mark.req("RT-4")
def test_without_a_socket_the_page_polls_and_says_so(visit, ana, ben, columns):
    task = task_in(columns["ready"], "Slow boat")
    page = visit(ana, "/projects/")
    page.route_web_socket("**/ws/**", lambda socket: socket.close())
    page.goto("/projects/TIDE/")
    expect(page.get_by_text("Live updates are limited")).to_be_visible()
    move(task, to=columns["doing"], by=ben)
    expect(page.locator(f"#column-{columns['doing'].pk}-list #task-{task.pk}")).to_be_visible()


@pytest.mark.req("RT-6")
def test_half_typed_text_and_focus_survive_the_others_changes(visit, ana, ben, columns):
    task = task_in(columns["ready"], "Moves about")
    page = is_live(visit(ana))
    box = page.get_by_label("Add a task: To do")
    box.fill("Half a tho")
    move(task, to=columns["doing"], by=ben)
    expect(page.locator(f"#column-{columns['doing'].pk}-list #task-{task.pk}")).to_be_visible()
    expect(box).to_be_focused()
    page.keyboard.type("ught")
    expect(box).to_have_value("Half a thought")


@pytest.mark.req("RT-6")
def test_a_lifted_card_is_left_alone_until_it_is_dropped(visit, ana, ben, columns):
    task = task_in(columns["ready"], "In my hand")
    marker = task_in(columns["backlog"], "Marker")
    page = is_live(visit(ana))
    card(page, task).locator(".card__link").focus()
    page.keyboard.press("Space")
    move(task, to=columns["review"], by=ben)
    move(marker, to=columns["review"], by=ben)
    expect(page.locator(f"#column-{columns['review'].pk}-list #task-{marker.pk}")).to_be_visible()
    expect(page.locator(f"#column-{columns['ready'].pk}-list #task-{task.pk}")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(f"#column-{columns['review'].pk}-list #task-{task.pk}")).to_be_visible()


def test_compact_shows_fourteen_cards_in_900_pixels(visit, ana, columns):
    for number in range(20):
        task_in(columns["ready"], f"Task {number} with a title that would take two lines otherwise")
    ana.density = "compact"
    ana.save()
    page = is_live(visit(ana))
    bottoms = page.locator(f"#column-{columns['ready'].pk}-list .card").evaluate_all(
        "cards => cards.map(card => card.getBoundingClientRect().bottom)"
    )
    foot = page.locator(f"#column-{columns['ready'].pk} .quick-add").bounding_box()["y"]
    assert sum(bottom <= foot for bottom in bottoms) >= 14


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["/projects/", "/projects/new/", "/projects/TIDE/", "/projects/TIDE/tasks/1/move/", "/projects/NOPE/"]
)
def test_axe_finds_nothing(visit, ana, columns, path, theme):
    ana.theme = theme
    ana.save()
    task_in(columns["ready"], "A task", assignee=ana, by=ana, priority=4)
    task_in(columns["done"], "A finished one")
    page = visit(ana, path)
    assert faults_of(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_the_door(visit, browser, product, scheme, transactional_db):
    page = browser.new_page(base_url=product.url, color_scheme=scheme)
    page.goto("/accounts/sign-in/")
    expect(page.get_by_label("Password")).to_be_visible()
    assert faults_of(page) == []
    page.close()
