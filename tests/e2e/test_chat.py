"""The project's room as two people use it."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from apps.agents.tests.factories import agent_in
from apps.chat import jobs
from apps.chat.link_previews import opengraph, previews
from apps.chat.messages import reactions
from apps.chat.messages.actions.edit import edit
from apps.chat.messages.actions.post import post
from apps.chat.models import Message, ReadMark, Room
from apps.chat.rooms import rooms
from apps.chat.tests.factories import room_of
from apps.projects.models import Project, Role
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.actions.move import move
from apps.tasks.models import Task
from apps.tasks.tests.factories import task_in
from tests.e2e.conftest import faults_of, is_live, until

pytestmark = pytest.mark.django_db(transaction=True)
CHAT = "/projects/TIDE/chat/"


@pytest.fixture
def room(board, columns) -> Room:
    return room_of(board)


@pytest.fixture
def said(room):
    """Have somebody say something, by the verb."""

    def by(user, *texts: str) -> list[Message]:
        return [post(room, text=text, by=user, client_message_id=uuid4()) for text in texts]

    return by


@pytest.fixture
def enter(visit):
    def by(user, path: str = CHAT, **options) -> Page:
        return is_live(visit(user, path, **options))

    return by


def field(page: Page):
    return page.locator(".chat__foot .composer__field")


def messages(page: Page):
    return page.locator(".message:not(.message--pending)")


def message(page: Page, text: str):
    return messages(page).filter(has_text=text)


def say(page: Page, text: str) -> None:
    field(page).fill(text)
    field(page).press("Enter")


def choose(page: Page, text: str, name: str) -> None:
    message(page, text).hover()
    message(page, text).locator(".message__more").click()
    page.get_by_role("menuitem", name=name).click()


def unread(page: Page):
    return page.locator(".tabs__count")


# Talking


@pytest.mark.req("CHT-3", "CHT-4")
def test_two_people_talk_and_each_sees_the_other_at_once(enter, ana, ben, room):
    one, other = enter(ana), enter(ben)
    say(one, "The tide is **late** today.")
    expect(message(other, "The tide is late today.").locator("strong")).to_have_text("late")
    say(other, "By how much?")
    expect(message(one, "By how much?")).to_have_count(1)
    expect(one.locator(".message--pending")).to_have_count(0)
    assert [row.author for row in room.messages.order_by("pk")] == [ana, ben]
    assert field(one).input_value() == ""
    expect(one.locator(".chat__new")).to_have_count(0)


def test_the_room_works_without_a_script(visit, ana, ben, said, room):
    said(ben, *[f"Word {number}" for number in range(60)])
    page = visit(ana, CHAT, java_script_enabled=False)
    page.get_by_label("Message", exact=True).fill("Plain words")
    page.get_by_role("button", name="Send").click()
    expect(message(page, "Plain words")).to_be_visible()
    page.get_by_role("link", name="Show what was before").click()
    expect(message(page, "Word 0")).to_be_visible()
    page.get_by_role("link", name="Show what came after").click()
    expect(message(page, "Plain words")).to_be_visible()


@pytest.mark.req("CHT-4")
def test_shift_enter_breaks_and_enter_within_a_composed_word_does_not_send(enter, ana, room):
    page = enter(ana)
    field(page).press_sequentially("one")
    field(page).press("Shift+Enter")
    field(page).press_sequentially("two")
    field(page).dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    expect(field(page)).to_have_value("one\ntwo")
    field(page).press("Enter")
    expect(messages(page)).to_have_count(1)
    assert room.messages.get().text == "one\ntwo"


@pytest.mark.req("CHT-4")
def test_on_a_phone_enter_breaks_and_the_button_sends(enter, ana, room):
    page = enter(ana, viewport=(390, 844), has_touch=True, is_mobile=True)
    field(page).press_sequentially("one")
    field(page).press("Enter")
    field(page).press_sequentially("two")
    page.get_by_role("button", name="Send").tap()
    expect(messages(page)).to_have_count(1)
    assert room.messages.get().text == "one\ntwo"


@pytest.mark.req("CHT-4")
def test_a_draft_waits_in_its_room(enter, ana, room):
    page = enter(ana)
    field(page).fill("Half a thought")
    page.reload()
    expect(field(page)).to_have_value("Half a thought")
    say(page, "A whole one")
    expect(messages(page)).to_have_count(1)
    page.reload()
    expect(field(page)).to_have_value("")


# Sending when the line is broken


@pytest.mark.req("CHT-3")
def test_offline_then_failed_then_tried_again_is_one_message(enter, ana, room):
    page = enter(ana)
    # A page that ends is online for a moment, and would send: what is sent before the next page is there is lost.
    page.context.route("**/messages/", lambda route: route.abort())
    page.context.set_offline(True)
    say(page, "Into the wind")
    expect(page.locator(".message--pending")).to_contain_text("Not sent yet.")
    expect(page.get_by_text("You are offline.")).to_be_visible()
    page.context.set_offline(False)
    page.reload()
    expect(is_live(page).locator(".message--pending")).to_contain_text("Into the wind")
    page.context.unroute("**/messages/")
    page.get_by_role("button", name="Try again").click()
    expect(message(page, "Into the wind")).to_have_count(1)
    expect(page.locator(".message--pending")).to_have_count(0)
    assert room.messages.count() == 1


@pytest.mark.req("CHT-3")
def test_a_message_whose_answer_was_lost_is_not_doubled(enter, ana, room):
    page, lost = enter(ana), []

    def lose_the_answer(route) -> None:
        route.fetch()
        route.abort()
        lost.append(route)

    page.route("**/messages/", lose_the_answer)
    say(page, "Did you get this?")
    expect(message(page, "Did you get this?")).to_have_count(1)
    until(lambda: page.wait_for_timeout(50) or lost)
    page.unroute("**/messages/")
    page.reload()
    expect(message(page, "Did you get this?")).to_have_count(1)
    expect(page.locator(".message--pending")).to_have_count(0)
    assert room.messages.count() == 1


@pytest.mark.req("CHT-3")
def test_what_could_not_be_sent_is_thrown_away(enter, ana, room):
    page = enter(ana)
    page.context.set_offline(True)
    say(page, "Better not")
    page.get_by_role("button", name="Discard").click()
    page.context.set_offline(False)
    page.reload()
    expect(messages(page)).to_have_count(0)
    expect(page.locator(".message--pending")).to_have_count(0)


# What one does with a message


@pytest.mark.req("CHT-4", "CHT-6")
def test_arrow_up_in_an_empty_field_edits_ones_last_message(enter, ana, ben, said):
    said(ana, "First", "Secnd")
    said(ben, "Mine")
    one, other = enter(ana), enter(ben)
    field(one).dispatch_event("keydown", {"key": "ArrowUp", "isComposing": True, "bubbles": True})
    field(one).press("ArrowUp")
    expect(one.locator(".message__edit textarea")).to_have_value("Secnd")
    one.locator(".message__edit textarea").fill("Second")
    one.keyboard.press("Enter")
    expect(message(other, "Second")).to_contain_text("edited")
    expect(message(one, "Second")).to_contain_text("edited")
    expect(one.locator(".message__edit")).to_have_count(0)
    expect(field(one)).to_be_focused()


@pytest.mark.req("CHT-6")
def test_a_deleted_message_goes_from_both_pages(enter, ana, ben, said):
    said(ana, "Oh no", "Stays")
    one, other = enter(ana), enter(ben)
    choose(one, "Oh no", "Delete")
    one.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(message(one, "Oh no")).to_have_count(0)
    expect(message(other, "Oh no")).to_have_count(0)
    expect(messages(other)).to_have_count(1)


def test_others_messages_are_not_mine_to_change(enter, ana, ben, said):
    said(ben, "Hands off")
    page = enter(ana)
    message(page, "Hands off").hover()
    message(page, "Hands off").locator(".message__more").click()
    expect(page.get_by_role("menuitem", name="Answer")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Edit")).to_be_hidden()
    expect(page.get_by_role("menuitem", name="Delete")).to_be_hidden()


def test_a_reaction_is_given_seen_and_taken_back(enter, ana, ben, said):
    said(ben, "We sail at noon")
    one, other = enter(ana), enter(ben)
    choose(one, "We sail at noon", "Celebrate")
    given = message(other, "We sail at noon").locator(".reaction")
    expect(given).to_contain_text("1")
    given.click()
    mine = message(one, "We sail at noon").locator(".reaction")
    expect(mine).to_contain_text("2")
    expect(mine).to_have_attribute("aria-pressed", "true")
    mine.click()
    expect(given).to_contain_text("1")


def test_a_pinned_message_stands_above_the_room_and_leads_back(enter, ana, ben, said):
    said(ben, "The berth codes.", *[f"Word {number}" for number in range(90)])
    one, other = enter(ana, f"{CHAT}?around={Message.objects.get(text='The berth codes.').pk}"), enter(ben)
    expect(other.locator(".chat__pins")).to_be_hidden()
    choose(one, "The berth codes.", "Pin")
    other.locator(".chat__pins summary").click()
    assert not faults_of(other)
    other.get_by_role("link", name="The berth codes.").click()
    expect(message(other, "The berth codes.")).to_be_focused()
    expect(other.locator(".pin__link")).to_be_hidden()
    choose(other, "The berth codes.", "Unpin")
    expect(one.locator(".chat__pins")).to_be_hidden()


def test_a_preview_comes_under_a_message_and_its_author_takes_it_away(enter, ana, ben, said, monkeypatch):
    async def tides(_url: str) -> opengraph.PageMetadata:
        return opengraph.PageMetadata("Tides of Skerry", "When to sail.", "Harbour")

    def fetched(message_id: int) -> None:
        jobs.fetch_previews(message_id)
        connection.close()

    monkeypatch.setattr(previews, "fetch_page", tides)
    one, other = enter(ana), enter(ben)
    (linking,) = said(ana, "See https://tides.example/skerry")
    expect(message(other, "See")).to_be_visible()
    with ThreadPoolExecutor(1) as worker:  # as it is: the browser's loop runs in this thread
        worker.submit(fetched, linking.pk).result()
    shown = message(other, "See").get_by_role("link", name="Tides of Skerry")
    expect(shown).to_be_visible()
    assert not faults_of(other)
    choose(one, "See", "Remove the link previews")
    expect(shown).to_have_count(0)


def test_a_long_answer_that_was_unfolded_stays_so_when_it_is_drawn_anew(enter, board, ana, room):
    scribe = agent_in(board).user
    long = post(room, text="Begins here. " + "Goes on. " * 200, by=scribe, client_message_id=uuid4())
    page = enter(ana)
    page.locator(".entry__long > summary").click()
    reactions.react(long, emoji="👀", by=scribe)
    expect(page.locator(".reaction")).to_contain_text("1")
    expect(page.locator(".entry__long")).to_have_attribute("open", "")
    page.locator(".entry__long > summary").click()
    reactions.unreact(long, emoji="👀", by=scribe)
    expect(page.locator(".reaction")).to_have_count(0)
    expect(page.locator(".entry__long")).not_to_have_attribute("open", "")


@pytest.mark.req("CHT-8")
def test_an_answer_quotes_and_leads_back(enter, ana, ben, said):
    said(ben, "Which quay?", *[f"Filler {number}" for number in range(60)])
    page = enter(ana, f"{CHAT}?around={Message.objects.first().pk}")
    choose(page, "Which quay?", "Answer")
    say(page, "The second one.")
    answer = message(page, "The second one.")
    expect(answer.locator(".message__quote")).to_contain_text("Which quay?")
    expect(answer.locator(".message__quote")).to_contain_text("Ben Okoro")
    answer.locator(".message__quote").click()
    expect(page.locator(".message[data-found]")).to_contain_text("Which quay?")
    expect(page.locator(".message[data-found]")).to_be_in_viewport()


@pytest.mark.req("CHT-9")
def test_a_message_becomes_a_task_that_leads_back(enter, ana, ben, said, columns):
    said(ben, "The ladder is loose.")
    page = enter(ana)
    choose(page, "The ladder is loose.", "Create a task")
    page.get_by_role("dialog").get_by_label("Title").fill("Fix the ladder")
    page.get_by_role("dialog").get_by_role("button", name="Create the task").click()
    expect(page.locator(".chip")).to_contain_text("Fix the ladder")
    task = Task.objects.get()
    assert "> The ladder is loose." in task.description
    assert "Ben Okoro" in task.description
    page.locator(".chip").click()
    page.get_by_role("link", name="Ben Okoro").click()
    expect(page.locator(".message[data-found]")).to_contain_text("The ladder is loose.")


# History


@pytest.mark.req("CHT-2")
def test_scrolling_up_brings_older_messages_and_nothing_jumps(enter, ana, ben, said, room):
    last = said(ben, *[f"Word {number}." for number in range(420)])[-1]
    ReadMark.objects.create(room=room, user=ana, last_read_id=last.pk)
    page = enter(ana)
    log = page.locator(".chat__log")
    expect(message(page, "Word 419.")).to_be_in_viewport()
    for _ in range(14):
        before = page.locator(".message").first.get_attribute("id")
        log.evaluate("log => (log.scrollTop = 300)")
        watched = page.evaluate(FIRST_IN_SIGHT)
        page.wait_for_function("before => document.querySelector('.message').id !== before", arg=before)
        page.wait_for_timeout(50)
        now = page.evaluate(FIRST_IN_SIGHT)
        assert now["id"] == watched["id"]
        assert abs(now["top"] - watched["top"]) < 3
        assert messages(page).count() <= 300
        if message(page, "Word 0.").count():
            break
    expect(message(page, "Word 0.")).to_have_count(1)
    expect(message(page, "Word 419.")).to_have_count(0)
    said(ana, "While you were away")
    expect(message(page, "While you were away")).to_have_count(0)
    page.locator(".chat__pill").click()
    expect(message(page, "While you were away")).to_be_in_viewport()


FIRST_IN_SIGHT = """() => {
  const top = document.querySelector(".chat__log").getBoundingClientRect().top
  const first = [...document.querySelectorAll(".message")].find((one) => one.getBoundingClientRect().bottom > top)
  return { id: first.id, top: first.getBoundingClientRect().top }
}"""


@pytest.mark.req("CHT-2")
def test_a_permalink_opens_around_its_message(enter, ana, ben, said):
    wanted = said(ben, *[f"Word {number}." for number in range(120)])[30]
    page = enter(ana, f"{CHAT}?around={wanted.pk}")
    expect(page.locator(".message[data-found]")).to_contain_text("Word 30.")
    expect(page.locator(".message[data-found]")).to_be_in_viewport()
    log = page.locator(".chat__log")
    for _ in range(4):
        log.evaluate("log => (log.scrollTop = log.scrollHeight)")
        page.wait_for_timeout(200)
    expect(message(page, "Word 119.")).to_be_in_viewport()


@pytest.mark.req("CHT-2")
def test_who_reads_what_was_said_earlier_is_not_pulled_away(enter, ana, ben, said):
    said(ben, *[f"Word {number}." for number in range(60)])
    page = enter(ana)
    page.locator(".chat__log").evaluate("log => (log.scrollTop -= 800)")
    expect(page.locator(".chat__pill")).to_be_visible()
    watched = page.evaluate(FIRST_IN_SIGHT)
    said(ben, "News!")
    expect(page.locator(".chat__pill")).to_contain_text("1 new")
    assert page.evaluate(FIRST_IN_SIGHT) == watched
    page.locator(".chat__pill").click()
    expect(message(page, "News!")).to_be_in_viewport()
    expect(page.locator(".chat__pill")).to_be_hidden()


@pytest.mark.req("CHT-5", "FLT-43")
def test_days_and_what_is_new_are_marked_and_headers_fold(enter, ana, ben, said, room):
    years, weeks, *today = said(ben, "Years ago", "Weeks ago", "One", "Two")
    now = today[0].created_at.astimezone(ZoneInfo("Asia/Tokyo"))
    long_ago, lately = now - timedelta(days=400), now - timedelta(days=40)
    for messages, at in (([years], long_ago), ([weeks], lately), (today, now)):
        Message.objects.filter(pk__in=[each.pk for each in messages]).update(created_at=at)
    ReadMark.objects.create(room=room, user=ana, last_read_id=weeks.pk)
    page = enter(ana, timezone_id="Asia/Tokyo", now=now)
    marks = page.locator(".chat__day")
    old, recent = f"{long_ago:%B} {long_ago.day}, {long_ago.year}", f"{lately:%A, %B} {lately.day}"
    expect(marks).to_have_text([old, recent, "Today", "New"])
    expect(message(page, "Two")).to_have_attribute("data-folded", "")
    expect(message(page, "One")).not_to_have_attribute("data-folded", "")
    said(ana, "Three")
    expect(message(page, "Three")).not_to_have_attribute("data-folded", "")


@pytest.mark.req("FLT-34")
def test_days_are_named_anew_at_midnight(enter, ana, ben, said):
    (spoken,) = said(ben, "Before midnight")
    now = spoken.created_at.astimezone(ZoneInfo("Asia/Tokyo"))
    page = enter(ana, timezone_id="Asia/Tokyo", now=now)
    time = message(page, "Before midnight").locator("time").first
    expect(page.locator(".chat__day[data-day]")).to_have_text("Today")
    before = time.text_content()
    page.clock.set_fixed_time(now + timedelta(days=1))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(".chat__day[data-day]")).to_have_text("Yesterday")
    assert time.text_content() == before  # under its day's own heading it needs none


@pytest.mark.req("CHT-2")
def test_a_page_of_another_log_takes_the_room_anew_where_it_was(enter, ana, ben, said, board):
    said(ben, *[f"Word {number}." for number in range(60)])
    page = enter(ana)
    page.locator(".chat__log").evaluate("log => (log.scrollTop -= 700)")
    watched = page.evaluate(FIRST_IN_SIGHT)
    field(page).fill("Half a thought")
    Message.objects.filter(pk=watched["id"].removeprefix("message-")).update(html="<p>Restored.</p>")
    Project.objects.update(epoch=uuid4())
    expect(message(page, "Restored.")).to_have_count(1)
    now = page.evaluate(FIRST_IN_SIGHT)
    assert now["id"] == watched["id"]
    assert abs(now["top"] - watched["top"]) < 3
    expect(field(page)).to_have_value("Half a thought")


# Who is writing


@pytest.mark.req("CHT-7")
def test_it_is_seen_who_is_writing(enter, ana, ben, room):
    one, other = enter(ana), enter(ben)
    field(one).press_sequentially("Hm")
    expect(other.get_by_text("Ana Ruiz is writing.")).to_be_visible()
    expect(one.get_by_text("is writing.")).to_have_count(0)
    field(one).press("Enter")
    expect(other.get_by_text("is writing.")).to_have_count(0)


@pytest.mark.req("CHT-7")
def test_who_stops_writing_is_writing_no_more(enter, ana, ben, room):
    one, other = enter(ana), enter(ben)
    field(one).press_sequentially("Hm")
    expect(other.get_by_text("Ana Ruiz is writing.")).to_be_visible()
    expect(other.get_by_text("is writing.")).to_have_count(0)


# Unread


@pytest.mark.req("CHT-1")
def test_two_tabs_share_what_is_unread(enter, ana, ben, said):
    board, second = enter(ana, "/projects/TIDE/"), enter(ana, "/projects/TIDE/")
    said(ben, "One", f"Two for @{ana.username}")
    for page in (board, second):
        expect(unread(page)).to_have_text("2")
        expect(page).to_have_title("(2) Tidewater · Team Board")
        expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("unread"))
        expect(unread(page)).to_have_attribute("data-mentions", "")
    board.goto(CHAT)
    expect(message(board, "Two for")).to_have_attribute("data-me", "")
    for page in (board, second):
        expect(unread(page)).to_be_hidden()
        expect(page).not_to_have_title(re.compile(r"\("))
    said(ben, "Three")
    expect(unread(second)).to_have_text("1")
    second.get_by_role("link", name="People").click()
    expect(second).to_have_title(re.compile(r"^\(1\) "))
    expect(second.get_by_role("link", name="Unread: 1.")).to_be_visible()


@pytest.mark.req("CHT-1")
def test_nothing_is_read_in_a_window_that_nobody_looks_at(enter, ana, ben, said):
    page = enter(ana)
    page.evaluate("document.hasFocus = () => false")
    said(ben, "Anybody?")
    expect(unread(page)).to_have_text("1")
    expect(message(page, "Anybody?")).to_be_in_viewport()
    page.wait_for_timeout(700)
    expect(unread(page)).to_have_text("1")
    expect(page.locator(".chat__new")).to_have_text("New")
    page.evaluate("document.hasFocus = () => true; dispatchEvent(new Event('focus'))")
    expect(unread(page)).to_be_hidden()


# The composer's list


@pytest.mark.req("CHT-4")
def test_people_are_mentioned_by_keyboard(enter, ana, ben, room):
    page = enter(ana)
    field(page).press_sequentially("Ask @")
    options = page.get_by_role("option")
    expect(options.first).to_have_attribute("aria-selected", "true")
    field(page).press_sequentially("oko")
    expect(options).to_have_count(1)
    expect(field(page)).to_have_attribute("aria-activedescendant", "suggestion-0")
    field(page).press("Enter")
    expect(field(page)).to_have_value(f"Ask @{ben.username} ")
    field(page).press("Enter")
    expect(page.locator(".mention")).to_have_text("@Ben Okoro")
    assert room.messages.get().mentions.get().user == ben


@pytest.mark.req("CHT-4")
def test_tasks_are_named_by_keyboard_and_escape_closes_the_list(enter, ana, columns, room):
    task_in(columns["ready"], "Paint the quay", by=ana)
    task_in(columns["ready"], "Mend the nets", by=ana)
    page = enter(ana)
    field(page).press_sequentially("See #nets")
    expect(page.get_by_role("option")).to_have_text(["TIDE-2Mend the nets"])
    field(page).press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    field(page).press_sequentially(" #pai")
    expect(page.get_by_role("option")).to_have_count(1)
    field(page).press("Tab")
    expect(field(page)).to_have_value("See #nets TIDE-1 ")


@pytest.mark.req("CHT-4")
def test_commands_create_and_assign_a_task(enter, ana, ben, columns, room):
    page = enter(ana)
    field(page).press_sequentially("/ta")
    expect(page.get_by_role("option")).to_have_count(1)
    field(page).press("Enter")
    field(page).press_sequentially("Buy rope")
    field(page).press("Enter")
    expect(page.locator(".chip")).to_contain_text("Buy rope")
    say(page, f"/assign TIDE-1 @{ben.username}")
    expect(messages(page).last).to_contain_text("Ben Okoro")
    assert Task.objects.get().assignee == ben
    say(page, "/assign nonsense")
    expect(page.locator(".message--pending")).to_contain_text("Name a task and a member")


# The panel beside the board


def test_the_panel_beside_the_board_is_remembered(enter, ana, ben, said):
    said(ben, "Hello from the board")
    page = enter(ana, "/projects/TIDE/")
    tab = page.get_by_role("link", name="Chat")
    tab.click()
    expect(message(page, "Hello from the board")).to_be_visible()
    expect(field(page)).to_be_focused()
    expect(tab).to_have_attribute("aria-expanded", "true")
    expect(page).to_have_url(re.compile(r"/projects/TIDE/$"))
    say(page, "And back")
    expect(message(page, "And back")).to_have_count(1)
    page.reload()
    expect(message(page, "And back")).to_be_visible()
    page.get_by_role("link", name="Close").click()
    expect(page.locator(".chat")).to_have_count(0)
    expect(tab).to_be_focused()
    page.reload()
    is_live(page)
    expect(page.locator(".chat")).to_have_count(0)


def test_on_a_phone_the_tab_leads_to_the_page(enter, ana, room):
    page = enter(ana, "/projects/TIDE/", viewport=(390, 844))
    page.get_by_role("link", name="Chat").click()
    expect(page).to_have_url(re.compile("/chat/$"))
    expect(field(page)).to_be_visible()


@pytest.mark.req("CHT-9")
def test_a_chip_follows_its_task_and_opens_it_beside_the_board(enter, ana, ben, columns, said):
    task = task_in(columns["ready"], "Paint the quay", by=ana)
    said(ben, f"About {task.key}")
    page = enter(ana, "/projects/TIDE/")
    page.get_by_role("link", name="Chat").click()
    expect(page.locator(".chip")).to_contain_text("To do")
    move(task, to=columns["done"], by=ben)
    expect(page.locator(".chip")).to_contain_text("Done")
    page.locator(".chip").click()
    expect(page.locator(".drawer").get_by_role("heading", name="Paint the quay")).to_be_visible()


# Files


def test_files_are_chosen_pasted_and_dropped_and_go_with_the_message(enter, ana, ben, room, tmp_path):
    page, other = enter(ana), enter(ben)
    with page.expect_file_chooser() as chooser:
        page.get_by_label("Add files").click()
    chooser.value.set_files({"name": "tables.txt", "mimeType": "text/plain", "buffer": b"tide"})
    expect(page.locator(".composer__files [data-done]")).to_have_count(1)
    for kind, target in (("paste", ".chat__foot .composer__field"), ("drop", ".chat__log")):
        page.evaluate(HAND_OVER, [kind, target])
    expect(page.locator(".composer__files [data-done]")).to_have_count(3)
    assert not faults_of(page)
    page.get_by_label("Remove: drop.png").click()
    say(page, "The tables")
    expect(message(other, "The tables").get_by_role("link", name="tables.txt")).to_be_visible()
    small = message(other, "The tables").get_by_role("img", name="paste.png")
    expect(small).to_be_visible()
    until(lambda: small.evaluate("image => image.naturalWidth") == 8)
    assert not faults_of(other)
    assert sorted(file.name for file in room.messages.get().files.all()) == ["paste.png", "tables.txt"]
    expect(page.locator(".composer__files > *")).to_have_count(0)


# A picture of eight pixels, handed over as a browser hands over what is pasted or dropped.
HAND_OVER = """async ([kind, target]) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 8, height: 8 })
  canvas.getContext("2d").fillRect(0, 0, 8, 8)
  const drawn = await new Promise((resolve) => canvas.toBlob(resolve))
  const data = new DataTransfer()
  data.items.add(new File([drawn], `${kind}.png`, { type: "image/png" }))
  const given = kind === "paste" ? { clipboardData: data } : { dataTransfer: data }
  const event = kind === "paste" ? ClipboardEvent : DragEvent
  document.querySelector(target).dispatchEvent(new event(kind, { ...given, bubbles: true, cancelable: true }))
}"""


def test_what_is_too_large_says_so_before_and_what_broke_off_is_tried_again(enter, ana, room, settings):
    settings.LARGEST_FILE = 10
    page = enter(ana)
    page.route("**/files/", lambda route: route.abort())
    page.set_input_files(".composer [type=file]", {"name": "big", "mimeType": "", "buffer": b"x" * 11})
    expect(page.get_by_text("A file may have 10")).to_be_visible()
    page.get_by_label("Remove: big").click()
    page.set_input_files(".composer [type=file]", {"name": "small", "mimeType": "", "buffer": b"tide"})
    expect(page.get_by_text("It did not reach the board.")).to_be_visible()
    say(page, "With it")
    expect(page.get_by_text("Some files are not there yet.")).to_be_visible()
    page.unroute("**/files/")
    page.locator(".composer__files").get_by_role("button", name="Try again").click()
    expect(page.locator(".composer__files [data-done]")).to_have_count(1)
    field(page).press("Enter")
    expect(message(page, "With it").get_by_role("link", name="small")).to_be_visible()


# Being told

# What the page has shown by the browser's own means; it is granted that, and says that nobody looks at it.
OUT_OF_SIGHT = """
window.shown = []
window.Notification = class {
  static permission = "granted"
  constructor(title, options) { window.shown.push([title, options.body]) }
}
document.hasFocus = () => window.isInSight === true
"""


def test_a_mention_is_shown_while_nobody_looks_and_another_level_changes_that(enter, ana, ben, said, room):
    page = enter(ana)
    page.add_init_script(OUT_OF_SIGHT)
    page.reload()
    is_live(page)
    said(ben, "The tide is late.", f"@{ana.username} look at this")
    until(lambda: page.evaluate("window.shown.length") == 1)
    assert page.evaluate("window.shown") == [["Ben Okoro", "@Ana Ruiz look at this"]]
    page.reload()
    is_live(page)
    reactions.react(room.messages.latest("pk"), emoji="👀", by=ben)
    expect(page.locator(".reaction")).to_have_count(1)
    page.wait_for_timeout(500)
    assert page.evaluate("window.shown") == []
    edit(room.messages.earliest("pk"), text=f"@{ana.username}, the tide is late.", by=ben)
    until(lambda: page.evaluate("window.shown.length") == 1)
    page.get_by_label("What to be told of this room").click()
    page.get_by_role("button", name="Every message").click()
    expect(page.get_by_role("button", name="Every message")).to_be_hidden()
    said(ben, "The tide is here.")
    until(lambda: page.evaluate("window.shown.length") == 2)
    page.evaluate("window.isInSight = true")
    said(ben, "The tide is gone.")
    expect(message(page, "The tide is gone.")).to_be_visible()
    page.wait_for_timeout(500)
    assert page.evaluate("window.shown.length") == 2


def test_what_one_wants_nothing_of_is_counted_on_no_page(enter, ana, ben, said, room):
    page, board = enter(ana), enter(ana, "/projects/TIDE/")
    page.get_by_label("What to be told of this room").click()
    assert not faults_of(page)
    page.get_by_role("button", name="Nothing").click()
    expect(board.locator("[name=level][value=none]")).to_have_count(0)
    until(lambda: room.subscriptions.filter(level="none").exists())
    board.wait_for_timeout(2_000)  # the other tab asks anew within that
    said(ben, f"@{ana.username} hello")
    board.wait_for_timeout(500)
    expect(unread(board)).to_be_hidden()


# Rooms


def test_rooms_are_made_renamed_and_archived(enter, board, ana, room):
    mai = MembershipFactory(project=board, user__name="Mai Tainer", role=Role.MAINTAINER).user
    page = enter(mai)
    page.locator(".chat__toggle").click()
    page.get_by_role("link", name="New room").click()
    page.get_by_label("Name").fill("Repairs")
    page.get_by_role("button", name="Make the room").click()
    expect(page.get_by_role("heading", name="Repairs")).to_be_visible()
    is_live(page)
    page.locator(".chat__toggle").click()
    page.get_by_role("link", name="Archive this room").click()
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("This room is archived")).to_be_visible()
    expect(field(page)).to_have_count(0)
    page.get_by_role("button", name="Open it again").click()
    expect(field(page)).to_be_visible()


def test_a_room_is_renamed_before_everybodys_eyes(enter, board, ana, ben, room):
    mai = MembershipFactory(project=board, user__name="Mai Tainer", role=Role.MAINTAINER).user
    page = enter(ana)
    rooms.rename(room, name="Harbour", by=mai)
    expect(page.get_by_role("heading", name="Harbour")).to_be_visible()
    rooms.create(board, name="Repairs", by=mai)
    page.locator(".chat__toggle").click()
    expect(page.locator("#chat-rooms")).to_contain_text("HarbourRepairs")
    expect(page.locator("#chat-rooms [aria-current]")).to_have_text("Harbour")


# For everybody


@pytest.mark.parametrize("path", [CHAT, "/projects/TIDE/"])
@pytest.mark.parametrize("viewport", [(1440, 900), (390, 844)])
def test_axe_finds_nothing_wrong(enter, ana, ben, said, columns, path, viewport):
    task = task_in(columns["ready"], "Paint the quay", by=ana)
    said(ben, f"About {task.key}, @{ana.username}", "`code` and [a link](https://example.org)")
    page = enter(ana, path, viewport=viewport)
    if path != CHAT:
        page.get_by_role("link", name="Chat").click()
        expect(field(page)).to_be_visible()
        is_live(page)  # on a phone it is another page
    field(page).press_sequentially("@")
    expect(page.get_by_role("option").first).to_be_visible()
    assert faults_of(page) == []
    field(page).press("Escape")
    choose_menu(page, "About")
    assert faults_of(page) == []


def choose_menu(page: Page, text: str) -> None:
    message(page, text).locator(".message__more").click()
    expect(page.locator(".message__menu")).to_be_visible()


def test_messages_are_reached_and_used_by_keyboard_alone(enter, ana, ben, said):
    said(ben, "First words", "Last words")
    page = enter(ana)
    page.locator(".chat__log").focus()
    page.keyboard.press("ArrowUp")
    expect(message(page, "Last words")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Thumbs up")).to_be_focused()
    page.keyboard.press("Enter")
    expect(message(page, "First words")).to_be_focused()
    expect(message(page, "First words").locator(".reaction")).to_contain_text("1")


def test_the_room_speaks_russian(enter, ana, ben, said):
    said(ben, "Привет")
    page = enter(ana, locale="ru-RU")
    expect(page.get_by_role("link", name="Чат")).to_be_visible()
    expect(page.locator(".chat__day").first).to_have_text("Сегодня")
    said(ben, "Ещё")
    expect(message(page, "Ещё")).to_be_visible()
