"""What `bench growth` inserts by SQL fits the tables, and the sizes come out as asked."""

import pytest

from apps.projects.tests.factories import UserFactory
from apps.tasks.board import column_counts
from apps.tasks.board.cards import first_pages
from bench import growth
from bench.growth import Size


@pytest.mark.django_db(transaction=True)
def test_growth_fills_a_project_up_to_both_sizes():
    person = UserFactory()
    project, agent = growth.begin(person)
    small, large = Size(10, 3, 40, 5), Size(25, 6, 90, 12)
    for has, wanted in ((Size(0, 0, 0, 0), small), (small, large)):
        growth.grow(project, agent, person, has, wanted)
        project.refresh_from_db()
        assert (project.tasks.count(), project.last_number) == (wanted.tasks, wanted.tasks)
        assert project.memberships.filter(user__username__startswith="grown.").count() == wanted.members
        assert [event.seq for event in project.events.order_by("seq")] == list(range(1, wanted.events + 1))
        assert (project.last_seq, agent.runs.count()) == (wanted.events, wanted.runs)
        assert len(first_pages(project)) == wanted.tasks
    assert column_counts.wrong_counts() == []
