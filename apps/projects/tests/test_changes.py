"""A change begins in one order: lock, refresh, check."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.errors import NotAllowed
from apps.projects.changes import locked_for_change
from apps.projects.models import Membership, Project, Role
from apps.projects.permissions import Action
from apps.projects.tests.factories import MembershipFactory, ProjectFactory

pytestmark = pytest.mark.django_db


def test_change_locks_then_reads_then_asks():
    ana = MembershipFactory(role=Role.MEMBER)
    with (
        CaptureQueriesContext(connection) as done,
        locked_for_change(ana.project, ana, by=ana.user, needs=Action.WRITE),
    ):
        pass
    said = [query["sql"] for query in done if query["sql"].startswith("SELECT")]
    assert len(said) == 2
    assert "projects_project" in said[0]
    assert said[0].endswith("FOR NO KEY UPDATE")
    assert said[1].count('FROM "projects_membership"') == 2  # the row, and the role


def test_change_within_a_change_has_the_lock_and_belongs_to_it():
    ana = MembershipFactory(role=Role.MEMBER)
    with locked_for_change(ana.project) as project, CaptureQueriesContext(connection) as done:
        Membership.objects.update(role=Role.VIEWER)
        with locked_for_change(ana.project_id, ana) as inner:
            assert inner is project
            assert ana.role == Role.VIEWER
        with pytest.raises(NotAllowed), transaction.atomic(), locked_for_change(project, by=ana.user, needs=Action.OWN):
            pytest.fail("the body ran")
        assert Membership.objects.get() == ana  # what was caught was undone, and the rest goes on
    assert not any("FOR NO KEY UPDATE" in query["sql"] for query in done)
    with CaptureQueriesContext(connection) as done, locked_for_change(ana.project):
        pass
    assert any("FOR NO KEY UPDATE" in query["sql"] for query in done)


def test_change_within_a_change_takes_the_lock_of_another_project():
    one, other = ProjectFactory(), ProjectFactory()
    with locked_for_change(one), CaptureQueriesContext(connection) as done, locked_for_change(other) as inner:
        assert inner == other
    assert any("FOR NO KEY UPDATE" in query["sql"] for query in done)


def test_change_that_failed_holds_nothing():
    project = ProjectFactory()
    with pytest.raises(ZeroDivisionError), transaction.atomic(), locked_for_change(project):
        1 / 0  # noqa: B018
    with CaptureQueriesContext(connection) as done, locked_for_change(project):
        pass
    assert any("FOR NO KEY UPDATE" in query["sql"] for query in done)


def test_change_reads_rows_as_they_are_now():
    stale = MembershipFactory(role=Role.MEMBER)
    Membership.objects.update(role=Role.VIEWER)
    with locked_for_change(stale.project_id, stale) as project:
        assert stale.role == Role.VIEWER
        assert stale.project is project


def test_change_of_the_board_itself_asks_nobody():
    with locked_for_change(ProjectFactory(), needs=Action.OWN):
        pass


@pytest.mark.parametrize("role", [Role.COMMENTER, Role.VIEWER])
def test_change_is_refused_before_its_body(role):
    member = MembershipFactory(role=role)
    with (
        pytest.raises(NotAllowed),
        locked_for_change(member.project, by=member.user, needs=Action.WRITE),
    ):
        pytest.fail("the body ran")


def test_change_of_rows_is_refused_before_its_body():
    viewer = MembershipFactory(role=Role.VIEWER)
    owner = MembershipFactory(project=viewer.project, role=Role.OWNER)
    with pytest.raises(NotAllowed), locked_for_change(owner.project, owner, by=viewer.user, needs=Action.WRITE):
        pytest.fail("the body ran")
    viewer.user.is_active = owner.user.is_active = False
    with pytest.raises(NotAllowed), locked_for_change(owner.project, viewer, by=owner.user, needs=Action.VIEW):
        pytest.fail("the body ran")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("with_row", [False, True])
def test_change_that_waited_for_the_lock_sees_who_was_removed_meanwhile(with_row):
    ana = MembershipFactory(role=Role.MEMBER)
    rows = [MembershipFactory(project=ana.project, role=Role.OWNER)] if with_row else []
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Project.objects.locked(ana.project_id)
            late = pool.submit(_change, ana, *rows)
            _wait_for_a_waiter()
            ana.delete()
        with pytest.raises(NotAllowed):
            late.result(60)


def _change(member: Membership, *rows: Membership) -> None:
    try:
        with locked_for_change(member.project_id, *rows, by=member.user, needs=Action.WRITE):
            pass
    finally:
        connection.close()


def _wait_for_a_waiter() -> None:
    """Until another transaction waits for a row lock."""
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone() is not None:
                return
    pytest.fail("Nobody waits for the lock.")
