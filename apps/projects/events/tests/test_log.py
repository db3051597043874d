"""What follows an event at once: the browsers of its project are notified."""

import pytest
from django.db import transaction

from apps.projects import events
from apps.projects.models import Project
from apps.projects.realtime import frames
from apps.projects.tests.factories import ProjectFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def notified(monkeypatch) -> list[int]:
    """The projects whose browsers were notified, one after the other."""
    told: list[int] = []
    monkeypatch.setattr(frames, "notify", told.append)
    return told


def record(project: Project) -> None:
    events.record(Project.objects.locked(project.pk), "thing.done", by=None)


def test_events_of_one_transaction_notify_browsers_once(notified):
    tide, other = ProjectFactory(key="TIDE"), ProjectFactory(key="OTHER")
    for _again in range(2):
        with transaction.atomic():
            for project in (tide, other, tide, tide):
                record(project)
    assert notified == [tide.pk, other.pk, tide.pk, other.pk]


def test_event_after_one_that_is_undone_notifies_browsers(notified):
    tide = ProjectFactory(key="TIDE")
    with transaction.atomic():
        with transaction.atomic():
            record(tide)
            transaction.set_rollback(True)
        record(tide)
    assert notified == [tide.pk]


def test_events_that_are_undone_notify_nobody(notified):
    tide = ProjectFactory(key="TIDE")
    with transaction.atomic():
        record(tide)
        transaction.set_rollback(True)
    assert notified == []
