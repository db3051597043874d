"""The count that a column keeps is that of its tasks, whatever happened to them and by which door."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext

from apps.tasks.actions.move import move
from apps.tasks.board import cards, column_counts
from apps.tasks.jobs import mend_column_counts
from apps.tasks.models import Column, Task
from apps.tasks.tests.factories import BoardFactory, task_in

pytestmark = pytest.mark.req("D6")


def kept_of(project):
    return list(project.columns.order_by("position").values_list("task_count", flat=True))


def set_wrong(column, count):
    Column.objects.filter(pk=column.pk).update(task_count=count)


@pytest.mark.django_db
def test_counts_follow_create_move_and_delete(board, columns):
    tasks = [task_in(columns["ready"], f"Task {n}") for n in range(3)]
    assert kept_of(board) == [0, 3, 0, 0, 0]
    move(tasks[0], to=columns["done"], by=None)
    move(tasks[1], to=columns["ready"], by=None)  # within its column
    assert kept_of(board) == [0, 2, 0, 0, 1]
    tasks[0].delete()
    assert kept_of(board) == [0, 2, 0, 0, 0]


@pytest.mark.django_db
def test_counts_follow_statements_for_many(board, columns):
    """Rows that no action of ours writes: what an import, a shell or SQL does."""
    given = {"project": board, "column": columns["ready"]}
    Task.objects.bulk_create(Task(**given, number=n, rank=f"r{n:03}", title="Imported") for n in range(100, 140))
    assert kept_of(board) == [0, 40, 0, 0, 0]
    Task.objects.filter(project=board, number__lt=115).update(column=columns["doing"])
    assert kept_of(board) == [0, 25, 15, 0, 0]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tasks_task WHERE project_id = %s AND number %% 2 = 0", [board.pk])
    assert kept_of(board) == [0, 13, 7, 0, 0]
    assert column_counts.wrong_counts() == []


@pytest.mark.django_db
def test_counts_of_a_deleted_parent_take_its_subtasks_along(board, columns):
    parent = task_in(columns["doing"], "Sail")
    child = task_in(columns["ready"], "Hoist")
    Task.objects.filter(pk=child.pk).update(parent=parent)
    parent.delete()
    assert kept_of(board) == [0, 0, 0, 0, 0]


@pytest.mark.django_db(transaction=True)
def test_counts_hold_when_many_move_at_once(board, columns):
    tasks = [task_in(columns["ready"], f"Task {n}") for n in range(8)]
    targets = [columns[name] for name in ("doing", "review", "done", "ready")]

    def wander(n):
        try:
            for step in range(6):
                move(Task.objects.get(pk=tasks[n].pk), to=targets[(n + step) % 4], by=None)
                task_in(columns["backlog"], f"Task {n} {step}").delete()
        finally:
            close_old_connections()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(wander, range(8)))
    assert sum(kept_of(board)) == 8
    assert column_counts.wrong_counts() == []


@pytest.mark.django_db
def test_board_counts_by_a_statement_that_reads_no_task(board, columns):
    task_in(columns["ready"], "Sail")
    with CaptureQueriesContext(connection) as captured:
        assert cards.column_counts(board)[columns["ready"].pk] == 1
    assert [query["sql"] for query in captured if "tasks_task" in query["sql"]] == []
    assert len(captured) == 1


@pytest.mark.django_db
def test_wrong_count_is_mended_and_said(board, columns, caplog):
    task_in(columns["ready"], "Sail")
    set_wrong(columns["ready"], 7)
    set_wrong(columns["done"], -1)
    with caplog.at_level(logging.WARNING):
        mend_column_counts()
    assert kept_of(board) == [0, 1, 0, 0, 0]
    assert sorted((said.kept, said.counted) for said in caplog.records) == [(-1, 0), (7, 1)]
    caplog.clear()
    mend_column_counts()
    assert caplog.records == []


@pytest.mark.django_db
def test_mending_leaves_right_counts_alone(board, columns):
    task_in(BoardFactory().columns.get(category="ready"), "Another board's")
    set_wrong(columns["ready"], 3)
    with CaptureQueriesContext(connection) as captured:
        assert column_counts.mend() == 1
    assert len([query for query in captured if query["sql"].startswith("UPDATE tasks_column")]) == 1
