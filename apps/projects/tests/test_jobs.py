"""Events reach their subscribers, also when the job comes twice or never came."""

import pytest
from django.db import transaction
from django.utils import timezone

from apps.projects import events, jobs
from apps.projects.events import log, relay
from apps.projects.models import Event, Project
from apps.projects.tests.factories import ProjectFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def handled(monkeypatch) -> list[Event]:
    """What a subscriber of `thing.done` has been given."""
    found: list[Event] = []
    monkeypatch.setitem(log._subscribers, "thing.done", [found.append])
    return found


@pytest.fixture
def event(handled) -> Event:
    project = ProjectFactory()
    with transaction.atomic():
        return events.record(Project.objects.locked(project.pk), "thing.done", by=None)


@pytest.mark.req("FLT-26")
def test_relay_delivered_twice_calls_subscribers_once(event, handled):
    jobs.relay(event.pk)
    jobs.relay(event.pk)
    assert handled == [event]


def test_relay_overdue_leaves_recent_events_to_their_job(event, handled):
    jobs.relay_overdue()
    assert handled == []
    Event.objects.update(created_at=timezone.now() - 2 * relay.GRACE)
    jobs.relay_overdue()
    assert handled == [event]
