"""The room when something goes wrong: the server, the line, the laptop, and what somebody sends."""

from uuid import uuid4

import pytest
from django.db.models.functions import Now
from playwright.sync_api import Page, expect

from apps.agents.models import Run
from apps.agents.runs.callbacks import results
from apps.agents.tests.factories import agent_in
from apps.chat.messages.actions.delete import delete
from apps.chat.messages.actions.edit import edit
from apps.chat.messages.actions.post import post, post_system_message
from apps.chat.models import Message
from apps.projects.members import memberships
from apps.projects.models import Membership, Role
from apps.projects.tests.factories import MembershipFactory
from tests.e2e.conftest import until
from tests.e2e.test_chat import CHAT, enter, field, message, messages, room, said, say  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
RIGHT_TO_LEFT = "\u202e"


def keys_on(page: Page) -> list[int]:
    """The messages of the page, as they stand from the top down."""
    ids = page.evaluate("[...document.querySelectorAll('.message:not(.message--pending)')].map((one) => one.id)")
    return [int(each.removeprefix("message-")) for each in ids]


def keys_in(room) -> list[int]:  # noqa: F811
    return list(room.messages.order_by("pk").values_list("pk", flat=True))


def scroll_up_to_the_first(page: Page) -> set[int]:
    """Every message that comes by on the way."""
    first, seen = Message.objects.earliest("pk").pk, set()
    while first not in seen:
        seen |= set(keys_on(page))
        top = keys_on(page)[0]
        page.locator(".chat__log").evaluate("log => (log.scrollTop = 0)")
        if top != first:
            page.wait_for_function("top => !document.querySelector('.message').id.endsWith('-' + top)", arg=top)
    return seen


@pytest.mark.req("CHT-3", "E9", "RT-3")
def test_a_server_restarted_in_mid_sentence_has_what_was_written_once(product, enter, ana, ben, room):  # noqa: F811
    one, other = enter(ana), enter(ben)
    say(one, "Before")
    expect(message(other, "Before")).to_have_count(1)
    product.close()
    for number in range(3):
        say(one, f"Meanwhile {number}")
    expect(one.locator(".message--pending[data-failed]")).to_have_count(3)
    product.open()
    for page in (one, other):
        expect(messages(page)).to_have_count(4)
    expect(one.locator(".message--pending")).to_have_count(0)
    assert list(room.messages.order_by("pk").values_list("text", flat=True)) == [
        "Before",
        *[f"Meanwhile {number}" for number in range(3)],
    ]


@pytest.mark.req("E2", "E4", "E9", "RT-3", "CHT-2")
@pytest.mark.parametrize("missed", [120, 600])
def test_a_laptop_that_slept_finds_everything_that_was_said(product, enter, ana, ben, said, room, missed):  # noqa: F811
    """600 are further behind than the log is followed: then the page is taken anew."""
    said(ben, *[f"Early {number}" for number in range(10)])
    page = enter(ana)
    expect(message(page, "Early 9")).to_be_in_viewport()
    field(page).fill("Half a thought")
    product.close()
    said(ben, *[f"Meanwhile {number}" for number in range(missed)])
    product.open()
    expect(message(page, f"Meanwhile {missed - 1}")).to_be_in_viewport()
    page.wait_for_timeout(500)
    shown, there = keys_on(page), keys_in(room)
    assert shown == there[-len(shown) :]
    assert scroll_up_to_the_first(page) == set(there)
    expect(field(page)).to_have_value("Half a thought")


@pytest.mark.req("E2", "E9", "CHT-2")
def test_who_was_reading_earlier_messages_when_it_slept_is_still_there(product, enter, ana, ben, said, room):  # noqa: F811
    said(ben, *[f"Early {number}" for number in range(120)])
    page = enter(ana, f"{CHAT}?around={Message.objects.all()[30].pk}")
    expect(message(page, "Early 30")).to_be_in_viewport()
    product.close()
    said(ben, *[f"Meanwhile {number}" for number in range(30)])
    product.open()
    page.wait_for_selector("html[data-live='on']")
    expect(message(page, "Early 30")).to_be_in_viewport()
    there = keys_in(room)
    for _ in range(8):
        page.locator(".chat__log").evaluate("log => (log.scrollTop = log.scrollHeight)")
        page.wait_for_timeout(150)
    expect(message(page, "Meanwhile 29")).to_be_in_viewport()
    shown = keys_on(page)
    assert shown == there[there.index(shown[0]) :]


@pytest.mark.req("E2", "E5", "E9")
def test_who_missed_more_than_a_socket_takes_is_still_served(product, enter, ana, ben, said, room):  # noqa: F811
    page = enter(ana)
    product.close()
    said(ben, *[f"Long {number} {'word ' * 8_000}" for number in range(30)])
    product.open()
    expect(message(page, "Long 29")).to_have_count(1)
    said(ben, "And on it goes")
    expect(message(page, "And on it goes")).to_be_in_viewport()


@pytest.mark.req("CHT-6", "E9")
def test_an_answer_does_not_go_on_quoting_what_was_deleted(enter, ana, ben, said, room):  # noqa: F811
    first = said(ben, "The code is 1234")[0]
    post(room, text="Not here!", by=ana, client_message_id=uuid4(), reply_to=first)
    page = enter(ana)
    expect(message(page, "Not here!").locator(".message__quote")).to_contain_text("The code is 1234")
    edit(first, text="The code is secret", by=ben)
    expect(message(page, "Not here!").locator(".message__quote")).to_contain_text("The code is secret")
    delete(first, by=ben)
    expect(message(page, "Not here!").locator(".message__quote")).to_contain_text("A message that was deleted")


def test_64_kib_are_refused_and_stay_in_the_composer(enter, ana, room):  # noqa: F811
    page, long = enter(ana), "x" * 65_536
    field(page).fill(long)
    field(page).press("Enter")
    expect(page.get_by_text("That is too long: 65536 characters, 50000 at most.")).to_be_visible()
    expect(field(page)).to_have_value(long)
    assert not room.messages.exists()
    say(page, "😀" * 50_000)
    expect(messages(page)).to_have_count(1)
    expect(page.get_by_text("That is too long")).to_have_count(0)


@pytest.mark.req("G2", "X1", "X2", "CHT-12")
def test_300_kib_of_an_agent_are_folded_cut_and_load_nothing(enter, board, ana, room):  # noqa: F811
    scribe = agent_in(board)
    post(room, text="@scribe tell me", by=ana, client_message_id=uuid4())
    Run.objects.update(status=Run.Status.RUNNING, first_sent_at=Now())
    page, asked = enter(ana), []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    line = "# Tide\n![](https://evil.example/1) <img src=//evil.example/x onerror=alert(1)> <script>alert(2)</script>\n"
    run = Run.objects.get()
    about = {"teamboardRunId": str(run.pk), "sessionKey": run.gateway_session_key}
    report = {**about, "status": "ok", "text": line * (300 * 1024 // len(line))}
    results.receive(scribe.gateway, str(uuid4()), "run.finished", report)
    answer = page.locator(".message.entry--agent")
    expect(answer.locator(".entry__long")).to_be_visible()
    expect(answer.get_by_text("The rest was left out.")).to_be_visible()
    answer.locator("summary").click()
    expect(answer.get_by_text("The rest was left out.")).to_be_visible()
    expect(answer.locator("img:not(.avatar__picture), script")).to_have_count(0)
    assert not [each for each in asked if "evil" in each or each in "12"]
    assert len(Message.objects.latest("pk").text) <= 50_000


def test_text_from_right_to_left_turns_nothing_but_itself(enter, ana, ben, said, room):  # noqa: F811
    first = said(ben, f"{RIGHT_TO_LEFT}drawkcab @{ana.username} si siht")[0]
    post(room, text="Indeed.", by=ana, client_message_id=uuid4(), reply_to=first)
    page = enter(ana)
    expect(messages(page)).to_have_count(2)
    assert is_left_of(message(page, "drawkcab").first.locator(".entry__byline"), "b", "time")
    assert is_left_of(message(page, "Indeed.").locator(".message__quote"), "b", "bdi:last-child")
    expect(page.locator(".mention")).to_have_css("unicode-bidi", "isolate")


def is_left_of(line, one: str, other: str) -> bool:
    return line.locator(one).first.bounding_box()["x"] < line.locator(other).last.bounding_box()["x"]


def test_those_who_have_left_are_not_taken_for_each_other(enter, board, ana, ben, said, room):  # noqa: F811
    cy = MembershipFactory(project=board, user__name="Cy").user
    said(ben, "By Ben")
    said(cy, "By Cy")
    post_system_message(room, "agents.paused", actor=ana, name="Ana")
    for one in (ben, cy):
        one.delete()
    page = enter(ana)
    expect(messages(page)).to_have_count(3)
    expect(page.get_by_text("Former member")).to_have_count(2)
    expect(page.locator(".message[data-folded]")).to_have_count(0)


@pytest.mark.req("E7", "RT-8")
def test_who_is_removed_hears_nothing_more_within_five_seconds(enter, board, ana, ben, said, room):  # noqa: F811
    owner = MembershipFactory(project=board, role=Role.OWNER).user
    page, closed, heard = enter(ben), [], []
    page.on("websocket", lambda one: one.on("close", lambda _: closed.append(one)))
    page.on("websocket", lambda one: one.on("framereceived", lambda frame: heard.append(str(frame))))
    page.reload()
    page.wait_for_selector("html[data-live='on']")
    memberships.remove(Membership.objects.get(user=ben), by=owner)
    until(lambda: page.wait_for_timeout(50) or closed)
    said(ana, "Now that Ben is gone")
    page.wait_for_timeout(1_000)
    expect(page.locator(".chat")).to_have_count(0)
    assert not [each for each in heard if "Now that Ben" in each]
