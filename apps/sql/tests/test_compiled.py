"""A compiled query answers as its query set does, and is compiled once."""

import uuid
from datetime import datetime

import pytest
from django.db import NotSupportedError, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from apps.accounts.models import LoginSession, User
from apps.projects.models import Event, Membership, Project
from apps.sql.compiled import compiled

pytestmark = pytest.mark.django_db


def test_instances_with_what_is_joined_and_annotated(board, ana, ben):
    @compiled
    def members(project: int, role: str) -> QuerySet[Membership]:
        rows = Membership.objects.filter(project=project, role=role).select_related("user", "project")
        return rows.annotate(sessions=Count("user__sessions")).order_by("-user__username")

    wanted = Membership.objects.filter(project=board, role="member").select_related("user").order_by("-user__username")
    found = members.all(project=board.pk, role="member")
    assert found
    assert [(row.pk, row.user, row.project, row.sessions) for row in found] == [
        (row.pk, row.user, board, 0) for row in wanted
    ]
    assert all(not row._state.adding and row._state.db == "default" for row in found)
    assert found[0].user.username == wanted[0].user.username
    assert members.all(board.pk, "member") == found
    assert members.all(project=board.pk, role="nobody") == []


def test_what_is_prefetched_comes_with_each_use(board, ana, ben, django_assert_num_queries):
    @compiled
    def projects(pk: int) -> QuerySet[Project]:
        return Project.objects.filter(pk=pk).prefetch_related("memberships__user")

    for gone in (None, ben):
        Membership.objects.filter(user=gone).delete()
        with django_assert_num_queries(3):
            found = projects.first(pk=board.pk)
            names = {row.user.name for row in found.memberships.all()}
        assert (ana.name in names, ben.name in names) == (True, gone is None)


def test_no_statement_but_its_own(board, ana, django_assert_num_queries):
    @compiled
    def members(project: int) -> QuerySet[Membership]:
        return Membership.objects.filter(project=project).select_related("user")

    with django_assert_num_queries(1):
        assert ana.name in [row.user.name for row in members.all(project=board.pk)]


def test_built_once_and_values_of_every_kind_handed_on(board, ana):
    built = []

    @compiled
    def projects(key: str, epoch: uuid.UUID, after: datetime, number: int) -> QuerySet[Project]:
        built.append(key)
        return Project.objects.filter(key=key, epoch=epoch, created_at__gt=after, last_number__lte=number)

    asked = {"epoch": board.epoch, "after": board.created_at - timezone.timedelta(days=1), "number": 10_000}
    assert projects.first(key=board.key, **asked) == board
    assert projects.first(key="OTHER", **asked) is None
    assert projects.first(key=board.key, **asked | {"epoch": uuid.uuid4()}) is None
    assert projects.first(key=board.key, **asked | {"after": timezone.now()}) is None
    assert projects.first(key=board.key, **asked | {"number": -1}) is None
    assert len(built) == 1


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 2**63, 10**30])
def test_number_that_no_column_holds_finds_nothing(board, number):
    @compiled
    def numbered(number: int) -> QuerySet[Project]:
        return Project.objects.filter(last_number=number)

    assert numbered.all(number=board.last_number) == [board]
    assert numbered.all(number=number) == []


def test_tuples_and_single_values(board, ana):
    @compiled
    def roles(user: int) -> QuerySet[Membership, tuple[int, str]]:
        return Membership.objects.filter(user=user).values_list("project_id", "role")

    @compiled
    def keys(pk: int) -> QuerySet[Project, str]:
        return Project.objects.filter(pk=pk).values_list("key", flat=True)

    assert roles.all(user=ana.pk) == list(Membership.objects.filter(user=ana).values_list("project_id", "role"))
    assert keys.first(pk=board.pk) == board.key


def test_converted_as_the_orm_does(board, ana):
    event = Event.objects.create(project=board, seq=1, kind="task.moved", actor=ana, payload={"columns": [1, 2]})

    @compiled
    def events(project: int) -> QuerySet[Event]:
        return Event.objects.filter(project=project)

    assert events.first(project=board.pk).payload == event.payload


def test_deferred_fields_stay_deferred(ana, django_assert_num_queries):
    @compiled
    def people(pk: int) -> QuerySet[User]:
        return User.objects.only("name").filter(pk=pk)

    found = people.first(pk=ana.pk)
    assert "username" in found.get_deferred_fields()
    with django_assert_num_queries(1):
        assert found.username == ana.username


@pytest.mark.django_db(transaction=True)
def test_a_lock_wants_a_transaction(board):
    @compiled
    def locked(pk: int) -> QuerySet[Project]:
        return Project.objects.select_for_update(no_key=True).filter(pk=pk)

    with transaction.atomic():
        assert locked.first(pk=board.pk) == board
    with pytest.raises(transaction.TransactionManagementError):
        locked.first(pk=board.pk)


def test_what_would_stand_still_or_be_left_out_is_refused(board):
    @compiled
    def frozen(user: int) -> QuerySet[LoginSession]:
        return LoginSession.objects.filter(user=user, began_at__gt=timezone.now())

    @compiled
    def unused(key: str, pk: int) -> QuerySet[Project]:
        return Project.objects.filter(pk=pk)

    @compiled
    def altered(key: str) -> QuerySet[Project]:
        return Project.objects.filter(key__contains=key)

    @compiled
    def mappings(pk: int) -> QuerySet[Project, dict]:
        return Project.objects.filter(pk=pk).values("key")

    for refused, values in (
        (frozen, {"user": 1}),
        (unused, {"key": "A", "pk": 1}),
        (altered, {"key": "A"}),
        (mappings, {"pk": 1}),
    ):
        with pytest.raises(NotSupportedError):
            refused.first(**values)
