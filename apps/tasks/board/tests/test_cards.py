import re

import pytest
from django.utils import translation

from apps.projects.models import Membership
from apps.projects.realtime import frames
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.actions.comment import comment
from apps.tasks.board import cards
from apps.tasks.models import Column, Task
from apps.tasks.tests.factories import task_in

pytestmark = pytest.mark.django_db


@pytest.mark.req("FLT-26")
def test_card_is_rendered_in_each_readers_language(board, columns):
    task = task_in(columns["doing"])
    note = {"state": "you", "code": "uncertain", "facts": {"agent": "Scribe"}}
    Task.objects.filter(pk=task.pk).update(status_note=note)
    (row,) = cards.of_tasks(board, [task.pk])
    html = {}
    for language in ("en", "ru"):
        with translation.override(language):
            html[language] = cards.render(board.key, row, {})
    assert [bool(re.search("[а-я]", html[language])) for language in ("en", "ru")] == [False, True]  # noqa: RUF001


@pytest.mark.req("FLT-23")
def test_card_that_cannot_be_rendered_takes_no_other_along(board, columns, client, ana):
    odd, other = task_in(columns["doing"], "Odd"), task_in(columns["doing"], "Other")
    Task.objects.filter(pk=odd.pk).update(status_note=["no", "note"])
    since = board.events.order_by("seq").last().seq
    for task in (odd, other):
        comment(task, text="So?", by=ana)
    ops = frames.frame_since(board.pk, since, language="en")["ops"]
    html = {op["id"]: op["html"] for op in ops}
    assert "can't be shown in full" in html[f"task-{odd.pk}"]
    assert "Odd" in html[f"task-{odd.pk}"]
    assert "can't be shown in full" not in html[f"task-{other.pk}"]
    client.force_login(ana)
    page = client.get(f"/projects/{board.key}/")
    assert page.status_code == 200
    assert "can't be shown in full" in page.content.decode()


@pytest.mark.parametrize("user", [1.5, 10**30, "seven", [7], None])
def test_note_about_nobody_takes_no_board_along(board, columns, client, ana, user):
    task = task_in(columns["doing"], "Odd")
    note = {"state": "working", "code": "working", "facts": {"agent": "Scribe", "attempt": 1}, "user": user}
    Task.objects.filter(pk=task.pk).update(status_note=note)
    client.force_login(ana)
    page = client.get(f"/projects/{board.key}/")
    assert page.status_code == 200
    assert "One card is being worked on." in page.content.decode()


def test_only_who_is_shown_is_read(board, columns, ana, ben, django_assert_num_queries):
    """However many members a project has; whoever has left it is still named where a card names them."""
    note = {"state": "working", "code": "working", "facts": {}, "user": ben.pk, "since": "", "run": "", "counts": False}
    noted = task_in(columns["doing"], "Noted", assignee=ana)
    Task.objects.filter(pk=noted.pk).update(status_note=note)
    MembershipFactory.create_batch(3, project=board)
    Membership.objects.filter(user=ben).delete()
    rows = cards.first_pages(board)
    assert set(cards.users_on(rows)) == {ana.pk, ben.pk}
    assert f"<bdi>{ben.name}</bdi> is working." in cards.summary_html(board)
    Task.objects.update(assignee=None, status_note=None)
    rows = cards.first_pages(board)
    with django_assert_num_queries(0):
        assert cards.users_on(rows) == {}


def test_counts_that_come_with_cards_are_those_that_columns_keep(board, columns):
    task = task_in(columns["doing"])
    Column.objects.filter(pk=columns["doing"].pk).update(task_count=77)  # counted, it would be 1
    found, counts = cards.with_counts(board, [task.pk], [columns["doing"].pk, columns["done"].pk])
    assert [row.pk for row in found] == [task.pk]
    assert counts == {columns["doing"].pk: 77, columns["done"].pk: 0}
    assert cards.with_counts(board, [], [columns["done"].pk]) == ([], {columns["done"].pk: 0})
    assert cards.with_counts(board, [], []) == ([], {})


def test_count_is_rendered_once_for_a_number_and_a_language():
    html = cards.count_html(1, 2, "en")
    assert cards.count_html(1, 2, "en") is html
    assert cards.count_html(1, 3, "en") != html
    with translation.override("ru"):
        assert cards.count_html(1, 2, "ru") != html
