"""Who is in two projects ties nothing of one to the other: both ends of a change belong together."""

from functools import partial

import pytest

from apps.errors import Refused
from apps.projects.models import Event
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.actions.assign import assign
from apps.tasks.actions.create import create
from apps.tasks.actions.edit import edit
from apps.tasks.actions.move import move
from apps.tasks.tests.factories import BoardFactory, LabelFactory, task_in

pytestmark = [pytest.mark.django_db, pytest.mark.req("Z4")]


@pytest.fixture
def other(ana):
    """Ana works here too, together with Dee, who is not on the board."""
    project = BoardFactory(key="OTHER")
    MembershipFactory(project=project, user=ana)
    MembershipFactory(project=project, user__name="Dee")
    return project


def test_actions_tie_no_two_projects_together(board, columns, ana, other):
    task, foreign = task_in(columns["ready"]), task_in(other.columns.first())
    dee = other.members.get(name="Dee")
    verbs = {
        "move": partial(move, task, to=foreign.column, by=ana),
        "create in": partial(create, board, title="Mine", column=foreign.column, by=ana),
        "create under": partial(create, board, title="Mine", parent=foreign, by=ana),
        "create with": partial(create, board, title="Mine", labels=[LabelFactory(project=other)], by=ana),
        "create for": partial(create, board, title="Mine", assignee=dee, by=ana),
        "label": partial(edit, task, labels=[LabelFactory(project=other)], by=ana),
        "assign": partial(assign, task, to=dee, by=ana),
    }
    logged = Event.objects.count()
    for name, verb in verbs.items():
        with pytest.raises(Refused):
            pytest.fail(f"{name} went through: {verb()}")
    assert Event.objects.count() == logged
    assert board.tasks.count() == other.tasks.count() == 1


def test_move_ignores_a_neighbour_of_another_project(columns, ana, other):
    first, second = task_in(columns["ready"]), task_in(columns["ready"])
    move(first, to=columns["ready"], after=task_in(other.columns.first()), by=ana)
    assert list(columns["ready"].tasks.all()) == [second, first]
