"""An agent in the room with two people: asked, answering, stopped, paused."""

import pytest
from playwright.sync_api import Page, expect

from apps.agents.models import Run
from apps.chat.tests.factories import room_of
from apps.projects.models import Role
from apps.projects.tests.factories import MembershipFactory
from tests.e2e.conftest import faults_of, is_live

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def enter(board, columns, scribe, visit):
    room_of(board)

    def by(user, **options) -> Page:
        return is_live(visit(user, "/projects/TIDE/chat/", **options))

    return by


def say(page: Page, text: str) -> None:
    page.locator(".chat__foot .composer__field").fill(text)
    page.keyboard.press("Escape")  # what the composer offers is not wanted
    page.locator(".chat__foot .composer__field").press("Enter")


def line(page: Page):
    return page.locator(".message:not(.message--pending) .agent-status__line")


@pytest.mark.req("CHT-12")
def test_two_people_and_an_agent_talk(enter, ana, ben):
    one, other = enter(ana), enter(ben)
    say(one, "@scribe what happened today?")
    for page in (one, other):
        expect(page.locator(".entry--agent")).to_contain_text("I am the practice agent")
        expect(line(page)).to_contain_text("Scribe has answered.")
        expect(page.locator(".message")).to_have_count(2)
    assert Run.objects.get().requested_by == ana


@pytest.mark.req("CHT-12")
def test_who_may_direct_agents_stops_one_from_its_message(enter, board, ana, ben):
    eve = MembershipFactory(project=board, user__name="Eve", role=Role.COMMENTER).user
    one, other, third = enter(ana), enter(ben), enter(eve)
    say(one, "@scribe [[delay:8]]")
    expect(line(third)).to_contain_text("Scribe is working.")
    expect(third.get_by_role("button", name="Stop")).to_be_hidden()
    other.get_by_role("button", name="Stop").click()
    for page in (one, other, third):
        expect(line(page)).to_contain_text("Cancelled")


@pytest.mark.req("G6", "CHT-4")
def test_slash_pause_holds_the_agent_until_slash_resume(enter, board, ana, ben):
    board.memberships.filter(user__in=[ana, ben]).update(role=Role.MAINTAINER)
    one, other = enter(ana), enter(ben)
    say(other, "/pause")
    expect(one.locator(".message--system")).to_contain_text("Ben Okoro paused all agents.")
    say(one, "@scribe are you there?")
    expect(line(one)).to_contain_text("All agents of this project are paused by Ben Okoro.")
    say(one, "/resume")
    expect(other.locator(".entry--agent")).to_contain_text("I am the practice agent")


def test_slash_agents_is_told_to_the_asker_alone(enter, ana, ben):
    one, other = enter(ana), enter(ben)
    say(one, "/agents")
    expect(one.locator(".toast")).to_contain_text("Scribe: Idle (0/1)")
    expect(one.locator(".message")).to_have_count(0)
    expect(other.locator(".toast")).to_have_count(0)


def test_axe_finds_nothing_wrong_under_a_message(enter, ana, ben):
    page = enter(ana)
    say(page, "@scribe [[fail:The model is not there.]]")
    expect(line(page)).to_contain_text("The run ended with an error.")
    line(page).get_by_text("Details").click()
    expect(line(page).get_by_text("The model is not there.")).to_be_visible()
    assert faults_of(page) == []
