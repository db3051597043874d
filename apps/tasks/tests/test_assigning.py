"""What becomes of the tasks of somebody who is not in the project any more."""

import pytest

from apps.agents.models import Run
from apps.agents.tests.factories import agent_in, run_of
from apps.projects import joining
from apps.projects.models import Event, Role
from apps.projects.tests.factories import MembershipFactory
from apps.tasks import assigning, commenting
from apps.tasks.tests.factories import BoardFactory, task_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(board):
    return MembershipFactory(project=board, role=Role.OWNER).user


def remove(board, user, by) -> None:
    joining.remove(board.memberships.get(user=user), by=by)


def assigned(column, to, title="A task"):
    return assigning.assign(task_in(column, title), to=to, by=to)


def test_open_tasks_are_nobodys_and_done_ones_stay_theirs(board, columns, owner, ana):
    opened, done = assigned(columns["doing"], ana), assigned(columns["done"], ana)
    remove(board, ana, by=owner)
    opened.refresh_from_db()
    done.refresh_from_db()
    assert (opened.assignee, done.assignee) == (None, ana)
    taken = Event.objects.filter(kind="task.assigned").latest("seq")
    assert (taken.task_id, taken.actor, taken.payload["before"], taken.payload["to"]) == (
        opened.pk,
        owner,
        ana.pk,
        None,
    )


def test_what_they_wrote_stays_and_others_keep_theirs(board, columns, owner, ana, ben):
    mine, bens = assigned(columns["doing"], ana), assigned(columns["doing"], ben)
    said = commenting.comment(mine, words="Half done.", by=ana)
    elsewhere = BoardFactory(key="ELSE")
    joining.join(elsewhere, ana, by=None)
    theirs_there = assigned(elsewhere.columns.get(category="doing"), ana)
    remove(board, ana, by=owner)
    for each in (said, bens, theirs_there):
        each.refresh_from_db()
    assert (said.author, bens.assignee, theirs_there.assignee) == (ana, ben, ana)


def test_an_agents_run_ends_with_its_membership(board, owner):
    agent = agent_in(board)
    run = run_of(agent, owner)
    remove(board, agent.user, by=owner)
    run.refresh_from_db()
    run.task.refresh_from_db()
    assert (run.status, run.task.assignee, run.task.note) == (Run.Status.CANCELLED, None, None)


def test_a_refused_removal_takes_no_task_away(board, columns, owner):
    task = assigned(columns["doing"], owner)
    with pytest.raises(joining.LastOwner):
        remove(board, owner, by=owner)
    task.refresh_from_db()
    assert task.assignee == owner
