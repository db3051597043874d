"""An open task as two people and an agent use it."""

import re
import uuid

import pytest
from django.db.models.functions import Now
from playwright.sync_api import Page, expect

from apps.agents.models import Run
from apps.agents.runs import queue
from apps.agents.tests.factories import agent_in
from apps.projects.models import Event, Project, Role
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.actions.comment import comment
from apps.tasks.actions.edit import edit
from apps.tasks.actions.move import move
from apps.tasks.models import Task
from apps.tasks.tests.factories import LabelFactory, task_in
from tests.e2e.conftest import faults_of, is_live

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def task(columns, ana) -> Task:
    return task_in(columns["ready"], "Paint the quay", description="Two coats.", by=ana)


@pytest.fixture
def opened(visit, task):
    """Open the task beside its board, as somebody."""

    def by(user, **options) -> Page:
        return is_live(visit(user, task.get_absolute_url(), **options))

    return by


@pytest.fixture
def plain(visit, task):
    """Open the task as a page of its own, in a browser that runs no scripts."""

    def by(user) -> Page:
        return visit(user, f"{task.get_absolute_url()}?full", java_script_enabled=False)

    return by


def drawer(page: Page):
    return page.locator(".drawer")


def say(page: Page, words: str) -> None:
    page.get_by_label("Write to the team").fill(words)
    page.get_by_role("button", name="Send", exact=True).click()


# Opening and closing


def test_a_card_opens_with_its_own_address_and_back_closes_it(visit, ana, task):
    page = is_live(visit(ana))
    page.get_by_role("link", name="Paint the quay").click()
    expect(page).to_have_url(f"{page.url.split('/projects')[0]}{task.get_absolute_url()}")
    expect(drawer(page).get_by_role("heading", name="Paint the quay")).to_be_focused()
    expect(page).to_have_title(f"TIDE-{task.number} Paint the quay · Team Board")
    page.go_back()
    expect(drawer(page)).to_have_count(0)
    expect(page.locator(f"#task-{task.pk} .card__link")).to_be_focused()
    expect(page).to_have_title("Tidewater · Team Board")
    page.go_forward()
    expect(drawer(page).get_by_role("heading", name="Paint the quay")).to_be_visible()


def test_escape_closes_it_and_the_focus_returns_to_the_card(visit, ana, task):
    page = is_live(visit(ana))
    page.get_by_role("link", name="Paint the quay").focus()
    page.keyboard.press("Enter")
    expect(drawer(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer(page)).to_have_count(0)
    expect(page).to_have_url(f"{page.url.split('/projects')[0]}/projects/TIDE/")
    expect(page.locator(f"#task-{task.pk} .card__link")).to_be_focused()


def test_a_page_that_began_with_the_task_goes_back_to_its_board(opened, ana, task):
    page = opened(ana)
    page.keyboard.press("Escape")
    expect(drawer(page)).to_have_count(0)
    expect(page).to_have_title("Tidewater · Team Board")
    page.go_back()
    expect(drawer(page).get_by_role("heading", name="Paint the quay")).to_be_visible()


def test_of_two_opened_at_once_the_last_stays(visit, ana, task, columns):
    task_in(columns["ready"], "Mend the nets", by=ana)
    page = is_live(visit(ana))
    waiting = []
    page.route(f"**{task.get_absolute_url()}", lambda route: waiting.append(route))
    page.get_by_role("link", name="Paint the quay").click()
    page.get_by_role("link", name="Mend the nets").click()
    expect(drawer(page).get_by_role("heading", name="Mend the nets")).to_be_visible()
    with page.expect_response(f"**{task.get_absolute_url()}"):
        waiting[0].continue_()
    page.wait_for_timeout(200)  # for what must not happen
    expect(drawer(page).get_by_role("heading", name="Mend the nets")).to_be_visible()
    expect(drawer(page)).to_have_count(1)


def test_escape_in_a_menu_closes_the_menu_only(opened, ana):
    page = opened(ana)
    knob = drawer(page).locator("summary[aria-label='Assigned']")
    knob.click()
    page.get_by_role("radio", name="Unassigned").focus()
    page.keyboard.press("Escape")
    expect(page.get_by_role("radio", name="Unassigned")).to_be_hidden()
    expect(knob).to_be_focused()
    expect(drawer(page)).to_be_visible()


def test_a_choice_made_by_keyboard_keeps_its_place(opened, ana, task, columns):
    page = opened(ana)
    page.get_by_label("Status").focus()
    page.get_by_label("Status").select_option(label="In progress")
    expect(page.locator(f"#column-{columns['doing'].pk}-list #task-{task.pk}")).to_be_visible()
    expect(page.get_by_label("Status")).to_be_focused()


# Two people at one task


@pytest.mark.req("E2")
def test_a_task_opened_from_the_board_misses_nothing(visit, ana, ben, task, columns):
    page = is_live(visit(ana))

    def comment_while_it_is_fetched(route) -> None:
        answer = route.fetch()
        comment(task, text="Just in between.", by=ben)
        expect(page.locator(f"#task-{task.pk}").get_by_text("Comments")).to_be_attached()  # the board has heard of it
        route.fulfill(response=answer)

    page.route(f"**{task.get_absolute_url()}", comment_while_it_is_fetched)
    page.get_by_role("link", name="Paint the quay").click()
    expect(drawer(page).locator(".entry__text")).to_have_text(["Just in between."])
    comment(task, text="And later.", by=ben)
    expect(drawer(page).locator(".entry__text")).to_have_text(["Just in between.", "And later."])


def test_another_tasks_history_stays_out(opened, visit, ana, ben, task, columns):
    other = task_in(columns["ready"], "Mend the nets", by=ana)
    page = opened(ana)
    page.get_by_role("link", name="Mend the nets").click()
    expect(drawer(page).get_by_role("heading", name="Mend the nets")).to_be_visible()
    comment(task, text="About the quay.", by=ben)
    comment(other, text="About the nets.", by=ben)
    expect(drawer(page).locator(".entry__text")).to_have_text(["About the nets."])


@pytest.mark.req("RT-6")
def test_a_comment_appears_to_the_other_whose_half_typed_one_stays(opened, ana, ben, task):
    one, other = opened(ana), opened(ben)
    box = one.get_by_label("Write to the team")
    box.focus()
    one.keyboard.type("Half a tho")
    say(other, "The **paint** is here.")
    expect(drawer(one).locator(".timeline .entry strong")).to_have_text("paint")
    expect(drawer(one).locator(".entry__byline b")).to_have_text("Ben Okoro")
    expect(box).to_be_focused()
    one.keyboard.type("ught")
    expect(box).to_have_value("Half a thought")
    expect(other.get_by_label("Write to the team")).to_have_value("")


def test_a_half_typed_comment_is_there_after_a_reload_until_it_is_sent(opened, ana):
    page = opened(ana)
    page.get_by_label("Write to the team").fill("Not yet sent")
    is_live(page.reload() and page)
    expect(page.get_by_label("Write to the team")).to_have_value("Not yet sent")
    page.get_by_label("Write to the team").press("Control+Enter")
    expect(drawer(page).locator(".entry__text")).to_have_text("Not yet sent")
    is_live(page.reload() and page)
    expect(page.get_by_label("Write to the team")).to_have_value("")


@pytest.mark.req("RT-6")
def test_a_half_typed_subtask_survives_the_others_changes(opened, ana, ben, task):
    page = opened(ana)
    box = page.get_by_label("Add a subtask")
    box.focus()
    page.keyboard.type("Buy bru")
    comment(task, text="Meanwhile.", by=ben)
    expect(drawer(page).locator(".entry__text")).to_have_text("Meanwhile.")
    expect(box).to_be_focused()
    page.keyboard.type("shes")
    page.keyboard.press("Enter")
    expect(drawer(page).locator(".checks__text")).to_have_text("Buy brushes")
    expect(box).to_be_focused()
    expect(box).to_have_value("")


@pytest.mark.req("I2", "RT-6")
def test_two_descriptions_at_once_lose_neither(opened, ana, ben, task):
    page = opened(ana)
    drawer(page).locator(".edit > summary").click()
    field = page.get_by_label("Description, in Markdown")
    field.fill("Three coats.")
    edit(task, by=ben, description="One coat will do.")
    expect(drawer(page).locator(".event", has_text="Ben Okoro")).to_be_visible()
    expect(field).to_have_value("Three coats.")
    drawer(page).locator(".edit").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Someone else changed this at the same time.")).to_be_visible()
    expect(page.locator(".conflict__text")).to_have_text("One coat will do.")
    expect(field).to_have_value("Three coats.")
    page.get_by_role("button", name="Keep mine").click()
    expect(drawer(page).locator(".task-panel__description .prose")).to_have_text("Three coats.")
    assert Task.objects.get(pk=task.pk).description == "Three coats."


@pytest.mark.req("I2")
def test_a_kept_draft_does_not_overwrite_what_came_since(opened, ana, ben, task):
    page = opened(ana)
    drawer(page).locator(".edit > summary").click()
    page.get_by_label("Description, in Markdown").fill("Three coats.")
    edit(task, by=ben, description="One coat will do.")
    is_live(page.reload() and page)
    expect(page.get_by_label("Description, in Markdown")).to_have_value("Three coats.")
    drawer(page).locator(".edit").get_by_role("button", name="Save").click()
    expect(page.locator(".conflict__text")).to_have_text("One coat will do.")
    page.get_by_role("button", name="Take theirs").click()
    drawer(page).locator(".edit").get_by_role("button", name="Save").click()
    expect(drawer(page).locator(".edit")).not_to_have_attribute("open", "")
    assert Task.objects.get(pk=task.pk).description == "One coat will do."


def test_a_title_and_a_description_changed_at_once_both_stand(opened, ana, ben, task):
    page = opened(ana)
    drawer(page).locator(".edit > summary").click()
    page.get_by_label("Description, in Markdown").fill("Three coats.")
    edit(task, by=ben, title="Paint the pier")
    drawer(page).locator(".edit").get_by_role("button", name="Save").click()
    expect(drawer(page).locator(".task-panel__description .prose")).to_have_text("Three coats.")
    expect(drawer(page).get_by_role("heading", name="Paint the pier")).to_be_visible()


def test_an_open_task_is_taken_anew_with_its_board(opened, board, ana, ben, task):
    page = opened(ana)
    page.get_by_label("Write to the team").fill("Half a tho")
    page.evaluate("document.documentElement.dataset.same = 'page'")
    Event.objects.filter(project=board).delete()  # as after a backup was put back
    Project.objects.filter(pk=board.pk).update(epoch=uuid.uuid4())
    edit(task, by=ben, title="Paint the pier")
    expect(drawer(page).get_by_role("heading", name="Paint the pier")).to_be_visible()
    expect(page.get_by_label("Write to the team")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type("ught")
    expect(page.get_by_label("Write to the team")).to_have_value("Half a thought")
    assert page.locator("html[data-same=page]").count() == 1


# Subtasks


def test_a_subtask_stands_on_the_board_and_is_counted_in_both_browsers(opened, visit, ana, ben, task, columns):
    one, other = opened(ana), is_live(visit(ben))
    one.get_by_label("Add a subtask").fill("Buy brushes")
    one.get_by_label("Add a subtask").press("Enter")
    expect(drawer(one).locator(".checks__text")).to_have_text("Buy brushes")
    for page in (one, other):
        expect(page.locator(".card__link", has_text="Buy brushes")).to_be_visible()
        expect(page.locator(f"#task-{task.pk}")).to_contain_text("0/1")
    move(Task.objects.get(title="Buy brushes"), to=columns["done"], by=ben)
    for page in (one, other):
        expect(page.locator(f"#task-{task.pk}")).to_contain_text("1/1")
    expect(drawer(one).locator(".section__count")).to_have_text("1 of 1")


def test_closing_a_task_with_open_subtasks_asks(opened, ana, task, columns):
    task_in(columns["ready"], "Buy brushes", parent=task, by=ana)
    page = opened(ana)
    page.get_by_label("Status").select_option(label="Done")
    expect(page.get_by_text("1 subtask is still open. Close this task anyway?")).to_be_visible()
    assert Task.objects.get(pk=task.pk).column == columns["ready"]
    page.get_by_role("button", name="Close it anyway").click()
    expect(page.locator(f"#column-{columns['done'].pk}-list #task-{task.pk}")).to_be_visible()
    expect(page.get_by_label("Status").locator("option:checked")).to_have_text("Done")


# An agent at work


def give_to(page: Page, name: str, prompt: str = "") -> None:
    drawer(page).locator("summary[aria-label='Assigned']").click()
    page.get_by_role("radio", name=name).check()
    if prompt:
        page.get_by_label("Anything to add for an agent?").fill(prompt)
    page.get_by_role("button", name="Assign", exact=True).click()


@pytest.mark.req("FLT-13")
def test_admitted_run_says_for_how_long_it_has_not_started(opened, ana, task, scribe, columns):
    page = opened(ana)
    give_to(page, "Scribe", prompt="[[late:20]] [[delay:8]]")
    note = page.locator(f"#column-{columns['ready'].pk}-list #task-{task.pk} .note")
    expect(note).to_contain_text(re.compile(r"Handed to Scribe, not started yet \(\d+\ss\)"))
    expect(drawer(page).locator(".run__text")).to_have_text(
        re.compile(r"^\s*Handed overHanded to Scribe, not started yet")
    )
    begun = page.locator(f"#column-{columns['doing'].pk}-list #task-{task.pk} .note", has_text="is working")
    expect(begun).to_be_visible()
    expect(page.get_by_role("button", name="Accept", exact=True)).to_be_visible()


def test_the_whole_loop_in_one_page(opened, ana, task, scribe, columns):
    page = opened(ana)
    page.evaluate("document.documentElement.dataset.same = 'page'")
    give_to(page, "Scribe", prompt="Use marine paint.")
    run = drawer(page).locator(".run")
    expect(run).to_contain_text("Scribe is working.")
    accept = page.get_by_role("button", name="Accept", exact=True)
    expect(accept).to_be_visible()
    expect(page.locator(f"#column-{columns['review'].pk}-list #task-{task.pk}")).to_be_visible()
    expect(drawer(page).locator(".entry--agent")).to_have_count(1)

    send_back = page.get_by_role("button", name="Send back")
    expect(send_back).to_be_disabled()
    page.get_by_label("Write to the team").fill("The railing is missing.")
    send_back.click()
    expect(drawer(page).locator(".entry__text", has_text="The railing is missing.")).to_be_visible()
    expect(run).to_contain_text("Attempt 2")
    expect(accept).to_be_visible()

    accept.click()
    expect(page.locator(f"#column-{columns['done'].pk}-list #task-{task.pk}")).to_be_visible()
    expect(run).to_contain_text("Accepted")
    expect(accept).to_have_count(0)
    assert page.locator("html[data-same=page]").count() == 1
    assert [each.attempt for each in Run.objects.order_by("attempt")] == [1, 2]


@pytest.fixture
def result(board, task, ana) -> Run:
    """An agent's result for the task that waits for a person."""
    run = queue.assign_now(agent_in(board, "Scribe"), task, by=ana, queue=True)
    ended = {"status": Run.Status.SUCCEEDED, "review": Run.Review.WAITING, "result": "Painted.", "ended_at": Now()}
    Run.objects.filter(pk=run.pk).update(**ended)
    return run


@pytest.mark.req("FLT-34")
def test_subtask_of_a_done_task_is_added_after_a_question(opened, ana, task, columns):
    move(task, to=columns["done"], by=None)
    page = opened(ana)
    page.get_by_label("Add a subtask").fill("One more thing")
    page.get_by_label("Add a subtask").press("Enter")
    expect(page.get_by_text(f"{task.key} is done. Add an open subtask anyway?")).to_be_visible()
    assert not task.subtasks.exists()
    page.get_by_role("button", name="Add it anyway").click()
    expect(page.locator(".drawer").get_by_text("1 open subtask")).to_be_visible()
    expect(page.locator(f"#task-{task.pk}").get_by_text("1 open subtask")).to_be_visible()
    page.get_by_role("link", name="One more thing").first.click()
    expect(page.locator(".drawer").get_by_text("which is done")).to_be_visible()


def test_accepting_with_open_subtasks_asks(opened, ana, task, result, columns):
    task_in(columns["ready"], "Buy brushes", parent=task, by=ana)
    page = opened(ana)
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.get_by_text("1 subtask is still open.")).to_be_visible()
    page.get_by_role("button", name="Close it anyway").click()
    expect(page.locator(f"#column-{columns['done'].pk}-list #task-{task.pk}")).to_be_visible()


def test_deciding_works_without_a_script(plain, ana, task, result, columns):
    page = plain(ana)
    page.get_by_role("button", name="Send back").click()  # the browser asks for the words
    result.refresh_from_db()
    assert result.review == Run.Review.WAITING
    task_in(columns["ready"], "Buy brushes", parent=task, by=ana)
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.get_by_text("1 subtask is still open.")).to_be_visible()
    page.get_by_role("button", name="Close it anyway").click()
    expect(page.locator(f"#column-{columns['done'].pk}-list #task-{task.pk}")).to_be_visible()


# Those who may only look, browsers without scripts, and everybody's eyes


def test_a_viewer_sees_no_controls(opened, board, ana, task):
    viewer = MembershipFactory(project=board, user__name="Vi Ewer", role=Role.VIEWER).user
    comment(task, text="For all to read.", by=ana)
    page = opened(viewer)
    expect(drawer(page).get_by_text("For all to read.")).to_be_visible()
    expect(drawer(page).locator("form:visible, button:visible, select:visible, summary:visible")).to_have_count(0)
    expect(drawer(page).locator(".facts")).to_contain_text("To do")


def test_commenting_assigning_and_editing_work_without_a_script(plain, ana, ben, task):
    page = plain(ana)
    say(page, "By hand.")
    expect(page.locator(".entry__text")).to_have_text("By hand.")
    page = plain(ana)
    give_to(page, "Ben Okoro")
    expect(page.locator("summary[aria-label='Assigned']")).to_contain_text("Ben Okoro")
    page = plain(ana)
    page.locator(".edit > summary").click()
    page.get_by_label("Title").fill("Paint the pier")
    page.locator(".edit").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Paint the pier", level=2)).to_be_visible()
    page.get_by_label("Status").select_option(label="Done")
    page.locator(".facts__item", has=page.get_by_label("Status")).get_by_role("button", name="Save").click()
    task.refresh_from_db()
    assert (task.title, task.assignee, task.column.name) == ("Paint the pier", ben, "Done")


def test_a_conflict_without_a_script_shows_both_texts(plain, ana, ben, task):
    page = plain(ana)
    page.locator(".edit > summary").click()
    page.get_by_label("Description, in Markdown").fill("Three coats.")
    edit(task, by=ben, description="One coat will do.")
    page.locator(".edit").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Changed at the same time")).to_be_visible()
    expect(page.get_by_label("Yours")).to_have_value("Three coats.")
    expect(page.get_by_text("One coat will do.")).to_be_visible()
    page.get_by_role("button", name="Keep mine").click()
    expect(page.locator(".task-panel__description .prose")).to_have_text("Three coats.")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("query", ["", "?full"])
def test_axe_finds_nothing(visit, ana, ben, task, columns, result, query, theme):
    ana.theme = theme
    ana.save()
    words = (
        f"Some `code`, a [link](https://example.org/), ~~not this~~\n\n> said\n\n- [x] done\n\n```\n{'wide ' * 80}\n```"
    )
    task_in(columns["done"], "Buy brushes", parent=task, assignee=ben, by=ana)
    comment(task, text=words, by=ben)
    Run.objects.filter(pk=result.pk).update(result=words)
    page = visit(ana, task.get_absolute_url() + query)
    assert faults_of(page) == []
    page.locator(".edit > summary").click()
    page.locator("summary[aria-label='Assigned']").click()
    assert faults_of(page) == []


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_nothing_is_wider_than_its_place(visit, ana, ben, board, task, columns, result, width):
    word = "Donaudampfschifffahrtsgesellschaft" * 5
    words = f"{word}\n\n```\n{word}\n```\n\nhttps://example.org/{word}"
    edit(task, by=ben, title=word, description=words, labels=[LabelFactory(project=board, name=word[:40])])
    task_in(columns["done"], word, parent=task, by=ana)
    comment(task, text=words, by=ben)
    Run.objects.filter(pk=result.pk).update(result=words, error=word)
    page = visit(ana, task.get_absolute_url(), viewport=(width, 844))
    too_wide = """open => [...open.querySelectorAll("*")].filter(one => one.checkVisibility()
        && !one.closest("pre, .clip, .label > bdi")
        && one.getBoundingClientRect().right > open.getBoundingClientRect().right + 1)
        .map(one => one.outerHTML.slice(0, 120))"""
    assert drawer(page).evaluate(too_wide) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
