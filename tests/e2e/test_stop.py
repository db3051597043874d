"""Stop in the browser: the card says that the agent stops, has stopped, or that nobody knows, and what to do then."""

import re

import pytest
from playwright.sync_api import expect

from apps.agents.models import Run
from apps.agents.tests.factories import run_of
from apps.chat.tests.factories import room_of
from tests.e2e.conftest import faults_of, is_live, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def working(board, columns, scribe, ana):
    room_of(board)
    run = run_of(scribe, ana, "Write the notes [[hang]]")
    until(lambda: Run.objects.get(pk=run.pk).status == Run.Status.RUNNING)
    return run


@pytest.mark.req("FLT-14")
def test_stop_is_seen_by_everybody_and_ends_the_agent(working, ana, ben, visit, gateway):
    page, other = is_live(visit(ana, working.task.get_absolute_url())), is_live(visit(ben))
    page.get_by_role("button", name="Stop").click()
    card = other.locator(f"#task-{working.task.pk}")
    expect(card).to_contain_text("Ana Ruiz stopped Scribe.")
    expect(page.locator(".run__head")).to_contain_text("Stopped")
    expect(page.get_by_role("button", name="Retry in a fresh session")).to_have_count(0)
    assert [line["result"] for line in gateway.journal("stop")] == ["stopped"]


@pytest.mark.req("FLT-14")
def test_stop_that_the_gateway_does_not_know_offers_a_fresh_session(working, ana, visit, gateway):
    gateway.fault("old_plugin")
    page = is_live(visit(ana, working.task.get_absolute_url()))
    page.get_by_role("button", name="Stop").click()
    head = page.locator(".run__head")
    expect(head).to_contain_text("Stopped here; the agent may still be running (old plugin).")
    assert faults_of(page) == []
    gateway.fault("normal")
    page.get_by_role("button", name="Retry in a fresh session").click()
    expect(head).to_contain_text(re.compile("attempt 2|not started yet"))
    again = Run.objects.get(attempt=2)
    assert again.session_key != working.session_key
