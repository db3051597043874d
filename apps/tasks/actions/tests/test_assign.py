"""What becomes of the tasks of somebody who is not in the project any more."""

import pytest

from apps.accounts.models import User
from apps.agents.models import Run
from apps.agents.tests.factories import agent_in, run_of
from apps.projects.members import memberships
from apps.projects.models import Event, Role
from apps.projects.realtime import frames
from apps.projects.tests.factories import MembershipFactory, UserFactory
from apps.tasks.actions.assign import NotAMember, assign
from apps.tasks.actions.comment import comment
from apps.tasks.models import Task
from apps.tasks.tests.factories import BoardFactory, task_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(board):
    return MembershipFactory(project=board, role=Role.OWNER).user


def remove(board, user, by) -> None:
    memberships.remove(board.memberships.get(user=user), by=by)


def assigned(column, to, title="A task"):
    return assign(task_in(column, title), to=to, by=to)


def test_removed_member_is_unassigned_from_open_tasks_only(board, columns, owner, ana):
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


def test_removed_members_comments_and_others_tasks_stay(board, columns, owner, ana, ben):
    mine, bens = assigned(columns["doing"], ana), assigned(columns["doing"], ben)
    said = comment(mine, text="Half done.", by=ana)
    elsewhere = BoardFactory(key="ELSE")
    memberships.join(elsewhere, ana, by=None)
    theirs_there = assigned(elsewhere.columns.get(category="doing"), ana)
    remove(board, ana, by=owner)
    for each in (said, bens, theirs_there):
        each.refresh_from_db()
    assert (said.author, bens.assignee, theirs_there.assignee) == (ana, ben, ana)


def test_removed_agents_run_is_cancelled(board, owner):
    agent = agent_in(board)
    run = run_of(agent, owner)
    remove(board, agent.user, by=owner)
    run.refresh_from_db()
    run.task.refresh_from_db()
    note = run.task.status_note
    assert (run.status, run.task.assignee, note["code"]) == (Run.Status.CANCELLED, None, "unassigned")


def test_refused_removal_unassigns_nothing(board, columns, owner):
    task = assigned(columns["doing"], owner)
    with pytest.raises(memberships.LastOwner):
        remove(board, owner, by=owner)
    task.refresh_from_db()
    assert task.assignee == owner


def test_open_task_offers_present_members_as_assignees(board, columns, owner, ana):
    task = task_in(columns["doing"], "A task")
    for verb, is_offered in (
        (lambda: memberships.join(board, UserFactory(name="Cy"), by=owner), True),
        (lambda: remove(board, User.objects.get(name="Cy"), by=owner), False),
    ):
        board.refresh_from_db()
        verb()
        ops = frames.frame_since(board.pk, board.last_seq, language="en", open_task=task.pk)["ops"]
        head = next(op["html"] for op in ops if op.get("id") == f"task-{task.pk}-head")
        assert ("<bdi>Cy</bdi></label>" in head) == is_offered
        assert not any(op.get("id") == f"task-{task.pk}" for op in ops)


def test_membership_change_redraws_no_board_without_panel(board, cy, owner):
    since = board.last_seq
    memberships.join(board, cy, by=owner)
    assert frames.frame_since(board.pk, since, language="en")["ops"] == []


def test_done_card_keeps_avatar_of_removed_member(client, board, columns, owner, ana):
    done = assigned(columns["done"], ana)
    remove(board, ana, by=owner)
    client.force_login(owner)
    assert ">An<" in card_of(client.get(f"/projects/{board.key}/").content.decode(), done)
    since = board.events.latest("seq").seq
    comment(done, text="Well done.", by=owner)
    put = next(op for op in frames.frame_since(board.pk, since, language="en")["ops"] if op["id"] == f"task-{done.pk}")
    assert ">An<" in put["html"]


def card_of(page: str, task: Task) -> str:
    begin = page.index(f'id="task-{task.pk}"')
    return page[begin : page.index("</article>", begin)]


@pytest.mark.req("FLT-26")
def test_assign_to_a_closed_account_is_refused(columns, ana, ben):
    User.objects.filter(pk=ben.pk).update(is_active=False)
    task = task_in(columns["ready"])
    with pytest.raises(NotAMember):
        assign(task, to=ben, by=ana)
