"""Mentions and chips stand where people see them, and nothing else in a message does anything."""

import re

import pytest

from apps.agents.tests.factories import agent_in
from apps.chat.messages import handles, parse
from apps.chat.tests.factories import message_in
from apps.errors import Refused
from apps.projects.tests.factories import MembershipFactory, UserFactory
from apps.tasks.tests.factories import task_in

pytestmark = pytest.mark.django_db


def html(board, text, by) -> str:
    return parse.parse(board, text, by=by).html


def test_mention_is_of_a_member_by_username(board, ana, ben, cy):
    parsed = parse.parse(board, "@ben, @cy and @BEN.", by=ana)
    assert parsed.mentioned == [ben]
    assert parsed.html.count(f'<span class="mention" data-user="{ben.pk}" dir="auto">@Ben</span>') == 2
    assert "@cy" in parsed.html


def test_mention_of_an_agent_by_its_slug(board, ana):
    scribe = agent_in(board, "Scribe")
    assert parse.parse(board, "@scribe what now?", by=ana).mentioned == [scribe.user]
    assert handles.handle_of(scribe.user) == "scribe"


def test_mention_prefers_the_person_over_the_agent(board, ana):
    agent_in(board, "Scribe")
    person = MembershipFactory(project=board, user__username="scribe").user
    assert parse.parse(board, "@scribe", by=ana).mentioned == [person]


@pytest.mark.parametrize(
    "text",
    ["`@ben TIDE-1`", "```\n@ben TIDE-1\n```", "[@ben TIDE-1](https://a.example)", "https://a.example/@ben/TIDE-1"],
)
def test_mention_in_code_and_links_is_none(board, ana, ben, columns, text):
    task_in(columns["ready"])
    parsed = parse.parse(board, text, by=ana)
    assert parsed.mentioned == []
    assert "mention" not in parsed.html
    assert "chip" not in parsed.html


@pytest.mark.parametrize("text", ["a@ben.example", "@@ben", "x/@ben", "XTIDE-1", "TIDE-1x", "TIDE-01", "TIDE-"])
def test_mention_lookalikes_are_none(board, ana, ben, columns, text):
    task_in(columns["ready"])
    parsed = parse.parse(board, text, by=ana)
    assert "mention" not in parsed.html
    assert "chip" not in parsed.html


@pytest.mark.req("CHT-9")
def test_chip_shows_the_task_as_it_is_now(board, room, ana, columns):
    task = task_in(columns["ready"], "Tide <tables> & more")
    message = message_in(room, ana, f"See **TIDE-{task.number}**.")
    task.title, task.column = "Renamed", columns["done"]
    refreshed = parse.refresh_chips(message.html, [task])
    assert "Tide &lt;tables&gt; &amp; more" in message.html
    assert f'data-task="{task.pk}" href="/projects/TIDE/tasks/{task.number}/"' in refreshed
    assert "<bdi>Renamed</bdi> · <bdi>Done</bdi>" in refreshed
    assert refreshed.startswith('<p dir="auto">See <strong><a ')


@pytest.mark.req("X1", "X2", "G2")
@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "![x](https://evil.example/?d=1)",
        '<span class="mention" data-user="1">@root</span>',
        "[x](javascript:alert(1))",
        '<img src=x onerror="alert(1)">',
        '<a class="chip" data-task="1" href="https://evil.example">x</a>',
    ],
)
def test_parse_removes_active_content(board, ana, text):
    tags = "".join(re.findall("<[a-z][^>]*>", html(board, text, ana)))
    for live in ("<script", "<img", "<span", "onerror", "javascript:", "chip"):
        assert live not in tags


def test_mention_limit_counts_each_member_once(board, ana, ben):
    people = [MembershipFactory(project=board, user__username=f"p{number}").user for number in range(51)]
    with pytest.raises(Refused) as refused:
        parse.parse(board, " ".join(f"@{person.username}" for person in people), by=ana)
    assert refused.value.code == "too_many_mentions"
    assert parse.parse(board, "@ben " * 200, by=ana).mentioned == [ben]


@pytest.mark.req("G7")
def test_mention_by_an_agent_of_five_at_most(board):
    scribe = agent_in(board, "Scribe")
    people = [MembershipFactory(project=board, user__username=f"p{number}").user for number in range(8)]
    text = " ".join(f"@{person.username}" for person in people)
    assert len(parse.parse(board, text, by=scribe.user).mentioned) == 5


def test_mention_of_a_deactivated_member_is_none(board, ana):
    gone = MembershipFactory(project=board, user=UserFactory(name="Gone", is_active=False)).user
    assert parse.parse(board, f"@{gone.username}", by=ana).mentioned == []
