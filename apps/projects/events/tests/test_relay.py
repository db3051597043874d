"""Subscribers are told one by one: one that fails holds back no other and no later event."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import AuditEntry
from apps.projects import events, jobs
from apps.projects.events import log, relay
from apps.projects.models import Event, EventRelay, Project
from apps.projects.tests.factories import ProjectFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-23")]


class Subscriber:
    """Notes what it was told, and fails as long as it `fails`."""

    def __init__(self) -> None:
        self.told: list[int] = []
        self.fails = False

    def __call__(self, event: Event) -> None:
        self.told.append(event.seq)
        if self.fails:
            raise ValueError("Ana's words")


class Other(Subscriber):
    pass


@pytest.fixture
def first(monkeypatch) -> Subscriber:
    return Subscriber()


@pytest.fixture
def second(monkeypatch, first) -> Other:
    subscriber = Other()
    monkeypatch.setitem(log._subscribers, "thing.done", [first, subscriber])
    return subscriber


@pytest.fixture
def project(second) -> Project:
    return ProjectFactory()


def record(project: Project) -> Event:
    with transaction.atomic():
        return events.record(Project.objects.locked(project.pk), "thing.done", by=None)


def make_due() -> None:
    """Let the time pass until everything that waits is due."""
    past = timezone.now() - timedelta(hours=2)
    Event.objects.update(created_at=past)
    EventRelay.objects.exclude(next_attempt_at=None).update(next_attempt_at=past)


def test_relay_failure_of_one_subscriber_keeps_none_from_the_others(project, first, second):
    first.fails = True
    jobs.relay(record(project).pk)
    assert (first.told, second.told) == ([1], [1])
    left = EventRelay.objects.get()
    assert (left.subscriber, left.attempts, left.error) == (relay.name_of(first), 1, "ValueError")


def test_relay_tries_the_one_that_failed_again(project, first, second):
    first.fails = True
    jobs.relay(record(project).pk)
    first.fails = False
    make_due()
    jobs.relay_overdue()
    assert (first.told, second.told) == ([1, 1], [1])
    assert not EventRelay.objects.exists()
    assert not Event.objects.filter(is_due=True).exists()


def test_relay_sweep_tells_nothing_that_its_job_has_told_meanwhile(project, first, second, monkeypatch):
    """A sweep reads hundreds and tells of one after the other; the job of a later one may have come by then."""
    late = [record(project), record(project)]
    make_due()

    keep = relay._keep

    def kept(event: Event, *args, **options) -> None:
        jobs.relay(late[1].pk)
        keep(event, *args, **options)

    monkeypatch.setattr(relay, "_keep", kept)
    jobs.relay_overdue()
    assert sorted(first.told) == sorted(second.told) == [1, 2]


def test_relay_of_many_failing_events_stops_no_later_one(project, first, second, monkeypatch):
    monkeypatch.setattr(relay, "BATCH", 5)
    first.fails = True
    for _ in range(8):
        record(project)
    make_due()
    for _ in range(4):
        jobs.relay_overdue()
    assert set(first.told) == set(second.told) == set(range(1, 9))
    first.fails = False
    last = record(project)
    make_due()
    for _ in range(4):
        jobs.relay_overdue()
    assert last.seq in first.told
    assert last.seq in second.told


def test_relay_waits_longer_after_each_attempt_and_gives_up(project, first, second):
    first.fails = True
    jobs.relay(record(project).pk)
    waits = []
    while (left := EventRelay.objects.get()).next_attempt_at:
        waits.append(round((left.next_attempt_at - timezone.now()).total_seconds()))
        jobs.relay_overdue()  # too early: nothing is tried
        assert len(first.told) == len(waits)
        make_due()
        jobs.relay_overdue()
    assert waits[:3] == [10, 20, 40]
    assert len(first.told) == relay.MAX_ATTEMPTS
    make_due()
    jobs.relay_overdue()
    assert len(first.told) == relay.MAX_ATTEMPTS
    assert list(EventRelay.objects.filter(next_attempt_at=None)) == [left]


def test_relay_counts_an_attempt_that_takes_its_worker_along(project, first, second, monkeypatch):
    def dies(_self, _event):
        raise SystemExit

    monkeypatch.setattr(Subscriber, "__call__", dies)
    record(project)
    make_due()
    with pytest.raises(SystemExit):
        jobs.relay_overdue()
    assert EventRelay.objects.filter(attempts=1, next_attempt_at__gt=timezone.now()).count() == 1
    assert not Event.objects.filter(is_due=True).exists()


def test_relay_gives_up_for_a_subscriber_that_is_gone(project, first, second, monkeypatch):
    first.fails = True
    jobs.relay(record(project).pk)
    monkeypatch.setitem(log._subscribers, "thing.done", [second])
    make_due()
    jobs.relay_overdue()
    assert EventRelay.objects.get().error == "unknown subscriber"
    assert EventRelay.objects.get().next_attempt_at is None


def test_relay_back_off_ends_at_an_hour():
    assert [relay.back_off(attempts).total_seconds() for attempts in (1, 2, 3, 12)] == [10, 20, 40, 3600]


def test_admin_shows_what_was_given_up_and_tries_it_again(client, project, first, second):
    first.fails = True
    jobs.relay(record(project).pk)
    EventRelay.objects.update(attempts=12, next_attempt_at=None)
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    page = reverse("admin:projects_eventrelay_changelist")
    shown = client.get(page, {"state": "failed"}).content.decode()
    assert "given up" in shown
    assert "ValueError" in shown
    assert "Ana&#x27;s words" not in shown
    chosen = {"action": "try_again", "_selected_action": [EventRelay.objects.get().pk]}
    client.post(page, chosen, follow=True)
    assert EventRelay.objects.get(attempts=0, next_attempt_at__lte=timezone.now())
    assert AuditEntry.objects.get(action="event_relays.retried").facts["count"] == 1
    assert not EventRelay.objects.filter(next_attempt_at=None).exists()
