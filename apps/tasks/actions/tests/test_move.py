import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.errors import Conflict
from apps.projects.models import Event
from apps.tasks.actions.move import ForeignColumn, move
from apps.tasks.board import ranks
from apps.tasks.models import Task
from apps.tasks.open_subtasks import OpenSubtasks
from apps.tasks.tests.factories import BoardFactory, task_in


@pytest.fixture
def ready(columns, db):
    return columns["ready"]


def titles(column):
    return list(column.tasks.order_by("rank").values_list("title", flat=True))


@pytest.mark.django_db
@pytest.mark.req("ORD-1")
def test_move_puts_task_between_its_anchors(ready, columns, ana):
    first, _second, third = (task_in(ready, title) for title in "abc")
    moved = task_in(columns["backlog"], "x")

    move(moved, to=ready, after=first, by=ana)
    move(third, to=ready, before=first, by=ana)

    assert titles(ready) == ["c", "a", "x", "b"]


@pytest.mark.django_db
@pytest.mark.req("E1", "RT-1")
def test_move_logs_one_event_with_both_columns(ready, columns, ana):
    task = task_in(columns["backlog"])
    move(task, to=ready, by=ana)

    event = Event.objects.get(kind="task.moved")
    assert (event.task_id, event.actor, event.payload["columns"]) == (
        task.pk,
        ana,
        [columns["backlog"].pk, ready.pk],
    )
    assert event.seq == 2


@pytest.mark.django_db
def test_move_to_same_position_changes_nothing(ready, ana):
    first, second = task_in(ready, "a"), task_in(ready, "b")
    move(second, to=ready, after=first, by=ana)
    assert not Event.objects.filter(kind="task.moved").exists()


@pytest.mark.django_db
@pytest.mark.req("ORD-3")
@pytest.mark.parametrize("gone", ["after", "before", "both"])
def test_move_falls_back_when_anchors_left(ready, columns, ana, gone):
    left = task_in(columns["done"], "left")
    first, second = task_in(ready, "a"), task_in(ready, "b")
    moved = task_in(columns["backlog"], "x")
    anchors = {
        "after": {"after": left, "before": second},
        "before": {"after": first, "before": left},
        "both": {"after": left, "before": left},
    }[gone]

    move(moved, to=ready, by=ana, **anchors)

    assert titles(ready) == (["a", "b", "x"] if gone == "both" else ["a", "x", "b"])
    assert Event.objects.get(kind="task.moved").payload.get("at_end", False) == (gone == "both")


@pytest.mark.django_db
@pytest.mark.req("I2")
def test_move_of_task_moved_meanwhile_is_a_conflict(ready, columns, ana, ben):
    task = task_in(columns["backlog"])
    move(task, to=ready, by=ben)
    with pytest.raises(Conflict) as refused:
        move(task, to=columns["doing"], seen_in=columns["backlog"], by=ana)
    assert refused.value.facts == {"column": ready.pk}


@pytest.mark.django_db
def test_move_of_parent_with_open_subtasks_asks(ready, columns, ana):
    parent = task_in(ready)
    task_in(ready, "child", parent=parent)
    with pytest.raises(OpenSubtasks):
        move(parent, to=columns["done"], by=ana)
    move(parent, to=columns["done"], by=ana, anyway=True)
    assert titles(columns["done"]) == ["A task"]


@pytest.mark.django_db
def test_move_to_another_projects_column_is_refused(ready, ana):
    with pytest.raises(ForeignColumn):
        move(task_in(ready), to=BoardFactory().columns.first(), by=ana)


@pytest.mark.django_db
@pytest.mark.req("ORD-2")
def test_move_keeps_ranks_short_after_10000_inserts(ready, columns, ana, monkeypatch):
    monkeypatch.setattr(ranks, "MAX_LENGTH", 8)  # forty times as many re-spacings as in life
    first, _last = task_in(ready, "first"), task_in(ready, "last")
    expected = ["first", "last"]
    for number in range(250):
        task = task_in(columns["backlog"], f"n{number}")
        move(task, to=ready, after=first, by=ana)
        expected.insert(1, f"n{number}")
    assert titles(ready) == expected
    assert max(map(len, ready.tasks.values_list("rank", flat=True))) <= 12


@pytest.mark.django_db
def test_move_event_names_respaced_neighbours(ready, columns, ana, monkeypatch):
    monkeypatch.setattr(ranks, "MAX_LENGTH", 3)
    first, last = task_in(ready, "first"), task_in(ready, "last")
    for number in range(6):
        move(task_in(columns["backlog"], f"n{number}"), to=ready, after=first, by=ana)
    named = {pk for event in Event.objects.filter(kind="task.moved") for pk in event.payload["tasks"]}
    assert {first.pk, last.pk} <= named


@pytest.mark.django_db
@pytest.mark.req("ORD-2", "FLT-26")
@pytest.mark.parametrize("taken", ["rank of the next", "rank of the one before"])
def test_move_respaces_to_ranks_that_neighbours_had(ready, columns, ana, monkeypatch, taken):
    first, last = task_in(ready, "first"), task_in(ready, "last")
    fresh = {
        "rank of the next": [last.rank, last.rank + "1", last.rank + "2"],
        "rank of the one before": ["01", "02", first.rank],
    }[taken]
    monkeypatch.setattr(ranks, "MAX_LENGTH", 1)
    monkeypatch.setattr(ranks, "spread", lambda count, low, high: fresh)
    move(task_in(columns["backlog"], "between"), to=ready, after=first, by=ana)
    assert titles(ready) == ["first", "between", "last"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("ORD-1", "I1", "E1")
def test_concurrent_moves_keep_cards_and_ranks_unique(board, columns, ana):
    tasks = [task_in(columns["ready"], f"t{number}") for number in range(40)]
    targets = [columns["ready"], columns["doing"]]

    def shuffle(seed):
        chance = random.Random(seed)
        try:
            for _ in range(30):
                task, anchor = chance.sample(tasks, 2)
                move(task, to=chance.choice(targets), after=anchor, by=ana)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(shuffle, range(8)))

    assert Task.objects.count() == 40
    placed = list(Task.objects.values_list("column", "rank"))
    assert len(set(placed)) == 40
    seqs = list(board.events.order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))
