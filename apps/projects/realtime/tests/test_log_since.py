"""A frame reads the project and what came since by one statement, and misses nothing that comes meanwhile."""

import uuid

import pytest
from django.db import transaction

from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.models import Project
from apps.projects.realtime import feed, frames
from apps.projects.tests.factories import ProjectFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return ProjectFactory()


@pytest.fixture
def drawn(monkeypatch):
    """The numbers of the events that are drawn."""
    seqs = []
    monkeypatch.setattr(
        frames, "ops_for", lambda _project, events, _open: seqs.extend(each.seq for each in events) or []
    )
    return seqs


def change(project, count=1):
    for _ in range(count):
        with transaction.atomic():
            events.record(Project.objects.locked(project.pk), "label.created", by=None)


def frame_since(project, since, changed=None):
    return frames.frame_since(project.pk, since, language="en", changed=changed)


def test_frame_reads_project_and_events_by_one_statement(project, drawn, django_assert_num_queries):
    change(project, 3)
    with django_assert_num_queries(1):
        assert frame_since(project, 1)["seq"] == 3
    assert drawn == [2, 3]


def test_frame_at_the_head_is_empty(project, drawn):
    change(project, 2)
    assert frame_since(project, 2) == {"epoch": str(project.epoch), "seq": 2, "ops": []}
    assert drawn == []


def test_frame_tells_of_what_came_between_its_statements(project, drawn, monkeypatch):
    read = frames._project.first

    class Later:
        def first(self, pk):
            change(project)
            return read(pk=pk)

    monkeypatch.setattr(frames, "_project", Later())
    assert frame_since(project, 0)["seq"] == 1
    assert drawn == [1]


def test_frame_of_the_own_change_reads_nothing(project, drawn, django_assert_num_queries):
    change(project)
    with locked_for_change(project) as changed:
        for _ in range(2):
            events.record(changed, "label.created", by=None)
    with django_assert_num_queries(0):
        assert frame_since(project, 1, changed=changed)["seq"] == 3
    assert drawn == [2, 3]
    drawn.clear()
    assert frame_since(project, 0, changed=changed)["seq"] == 3  # the page has not seen the first one either
    assert drawn == [1, 2, 3]


def test_frame_of_a_change_that_recorded_nothing_is_read(project, drawn):
    change(project)
    with locked_for_change(project) as changed:
        pass
    assert frame_since(project, 0, changed=changed)["seq"] == 1
    assert drawn == [1]


def test_frame_for_who_is_far_behind_reads_no_events(project, drawn, monkeypatch):
    monkeypatch.setattr(frames, "MAX_EVENTS_BEHIND", 2)
    change(project, 3)
    assert frame_since(project, 0)["ops"] == [{"op": "reload"}]
    assert frame_since(project, 1)["ops"] == []
    assert drawn == [2, 3]


def test_frame_for_many_sockets_takes_two_statements(project, drawn, django_assert_num_queries):
    change(project)
    with django_assert_num_queries(2):  # the frame, and which of their sessions live
        frame = feed._render_frame(project.pk, (0, "", "en", None), {uuid.uuid4() for _ in range(30)})
    assert (frame.seq, frame.alive) == (1, set())
    with django_assert_num_queries(2):  # nothing came: the project is read alone, and nobody is asked about
        feed._render_frame(project.pk, (1, frame.epoch, "en", None), {uuid.uuid4()})
