"""A row read anew is as `refresh_from_db` would make it, with nothing left of what was cached."""

import pytest
from django.db.models import Subquery

from apps.accounts.models import LoginSession
from apps.projects.models import Project
from apps.sql.refresh import read_anew
from apps.tasks.models import Task
from apps.tasks.tests.factories import task_in

pytestmark = pytest.mark.django_db


def test_what_others_changed_is_there_and_what_was_cached_is_gone(columns, ana, ben, django_assert_num_queries):
    task = task_in(columns["ready"], "A task", assignee=ana)
    task = Task.objects.select_related("assignee", "column").prefetch_related("labels").get(pk=task.pk)
    Task.objects.filter(pk=task.pk).update(title="Another", assignee=ben, column=columns["doing"])
    with django_assert_num_queries(1):
        read_anew(task)
        assert (task.title, task.column) == ("Another", columns["doing"])
        assert task.column.name == columns["doing"].name
    with django_assert_num_queries(2):
        assert task.assignee == ben
        assert list(task.labels.all()) == []


def test_fields_that_were_left_out_are_read(board):
    project = Project.objects.only("key").get(pk=board.pk)
    read_anew(project)
    assert project.get_deferred_fields() == set()


def test_a_deleted_row_is_gone(board, ana):
    session = LoginSession.objects.create(session_key="k" * 32, session_data="", user=ana, expire_date=board.created_at)
    copy = LoginSession.objects.get(pk=session.pk)
    session.delete()
    with pytest.raises(LoginSession.DoesNotExist):
        read_anew(copy)


def test_what_is_asked_besides_is_answered_and_stays_no_attribute(columns, ana, django_assert_num_queries):
    def title_of(task: int) -> Subquery:
        return Subquery(Task.objects.filter(pk=task).values("title"))

    task, other = task_in(columns["ready"], "A task"), task_in(columns["ready"], "Another")
    before = set(vars(task))
    with django_assert_num_queries(1):
        assert read_anew(task, title_of, task=other.pk) == "Another"
    assert read_anew(task, title_of, task=0) is None
    assert set(vars(task)) == before
