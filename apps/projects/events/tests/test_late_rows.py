"""Events and audit entries of one change: by one statement at its end, without what was taken back."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts import audit
from apps.accounts.models import AuditEntry
from apps.errors import Refused
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.models import Event
from apps.projects.tests.factories import ProjectFactory

pytestmark = pytest.mark.django_db


def record(project, number):
    audit.record("thing.done", by=None, project_id=project.pk, number=number)
    return events.record(project, "thing.done", by=None, number=number)


@transaction.atomic
def record_and_fail(project, number):
    record(project, number)
    raise Refused("No.")


def numbers(rows, field):
    return [getattr(row, field)["number"] for row in rows.order_by("pk") if "number" in getattr(row, field)]


def test_rows_of_a_change_are_one_statement_in_their_order(tide):
    with CaptureQueriesContext(connection) as asked, locked_for_change(tide) as project:
        recorded = [record(project, number) for number in range(5)]
        with locked_for_change(tide) as inner:
            recorded.append(record(inner, 5))
        assert all(event.pk is None for event in recorded)
    inserts = [query["sql"] for query in asked.captured_queries if "INSERT" in query["sql"]]
    assert len(inserts) == 1
    assert [event.seq for event in recorded] == [tide.last_seq + 1 + number for number in range(6)]
    assert project.last_seq == recorded[-1].seq
    assert numbers(Event.objects.filter(project=tide), "payload") == list(range(6))
    assert numbers(AuditEntry.objects.filter(project_id=tide.pk), "facts") == list(range(6))


def test_rows_of_a_savepoint_that_is_rolled_back_are_not_written(tide):
    with locked_for_change(tide) as project:
        record(project, 1)
        with pytest.raises(Refused):
            record_and_fail(project, 2)
        last = record(project, 3)
    assert numbers(Event.objects.filter(project=tide), "payload") == [1, 3]
    assert numbers(AuditEntry.objects.filter(project_id=tide.pk), "facts") == [1, 3]
    assert last.seq == project.last_seq == Event.objects.filter(project=tide).count()  # no number is left out


def test_change_that_fails_leaves_nothing_for_the_next(tide):
    with pytest.raises(Refused), locked_for_change(tide) as project:
        record_and_fail(project, 1)
    with locked_for_change(tide) as project:
        record(project, 2)
    assert numbers(Event.objects.filter(project=tide), "payload") == [2]


def test_two_projects_in_one_change_have_their_own_numbers(tide):
    harbour = ProjectFactory(key="HARB")
    with locked_for_change(tide) as project, locked_for_change(harbour) as other:
        first, second, third = record(project, 1), record(other, 2), record(project, 3)
    assert third.seq == first.seq + 1
    assert second.seq == Event.objects.filter(project=harbour).count()


def test_outside_of_a_change_a_row_is_there_at_once(tide):
    event = record(tide, 1)
    assert (event.pk, event.seq) == (Event.objects.latest("pk").pk, tide.last_seq)
    assert audit.record("thing.done", by=None).pk
