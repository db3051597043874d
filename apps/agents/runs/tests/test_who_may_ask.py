"""Who may hand work to an agent, and to which: the same answer at every door."""

from uuid import uuid4

import pytest

from apps.accounts.tests.programs import Program
from apps.agents.models import Agent, MentionRefusal, Run
from apps.agents.runs import lifecycle
from apps.agents.runs.actions.pause import pause
from apps.agents.tests.factories import run_of
from apps.chat.messages.actions.post import post
from apps.chat.tests.factories import room_of
from apps.projects import permissions
from apps.projects.models import Role
from apps.projects.permissions import Action
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.tests.factories import task_in

pytestmark = [pytest.mark.django_db, pytest.mark.queue_off, pytest.mark.req("FLT-25")]


@pytest.fixture
def member(board):
    """Somebody of the lowest role that writes."""
    return MembershipFactory(project=board, role=Role.MEMBER).user


@pytest.fixture
def task(columns, member):
    return task_in(columns["ready"], "Sell tickets", by=member)


@pytest.fixture
def ended(scribe, ana):
    """A run that a person may retry."""
    run = run_of(scribe, ana, "Failed")
    lifecycle.close(run, Run.Status.FAILED, by=None)
    return run


@pytest.fixture
def reviewed(scribe, ana):
    run = run_of(scribe, ana, "Reviewed")
    lifecycle.succeed(run)
    return run


@pytest.fixture
def doors(client, member, scribe, task, ended, reviewed):
    """Every way to ask an agent by name, as (status, code) of its answer."""
    program, agent = Program(member), scribe.user_id
    client.force_login(member)

    def answered(answer):
        return answer.status_code, answer.json().get("code") if "json" in answer["Content-Type"] else ""

    return {
        "assign": lambda: answered(program.post(f"agents/{scribe.pk}/assign/", {"task_id": task.pk})),
        "patch": lambda: answered(program.patch(f"tasks/{task.pk}/", {"assignee": agent})),
        "create": lambda: answered(program.post("projects/TIDE/tasks/", {"title": "New", "assignee": agent})),
        "retry": lambda: answered(program.post(f"runs/{ended.pk}/retry/")),
        "request changes": lambda: answered(program.post(f"runs/{reviewed.pk}/request-changes/", {"note": "More."})),
        "page": lambda: answered(client.post(f"{task.get_absolute_url()}assign/", {"to": agent})),
    }


DOORS = ["assign", "patch", "create", "retry", "request changes", "page"]


@pytest.fixture
def state(ended, reviewed, task):
    def now() -> tuple:
        task.refresh_from_db()
        return Run.objects.count(), task.assignee_id, task.project.tasks.count()

    return now


@pytest.mark.parametrize("door", DOORS)
def test_agent_is_asked_by_who_may_run_agents(doors, door, state):
    runs, *_ = state()
    status, _ = doors[door]()
    assert (status in (200, 201, 302), state()[0]) == (True, runs + 1)


@pytest.mark.parametrize("door", DOORS)
def test_agent_is_not_asked_by_who_only_writes(doors, door, state, monkeypatch):
    monkeypatch.setitem(permissions.ALLOWED, Role.MEMBER, permissions.ALLOWED[Role.MEMBER] - {Action.RUN})
    before = state()
    status, _ = doors[door]()
    assert (status, state()) == (403, before)


@pytest.mark.parametrize("door", DOORS)
def test_agent_that_is_disabled_is_refused_at_every_door(doors, door, state, scribe):
    Agent.objects.filter(pk=scribe.pk).update(is_enabled=False)
    before = state()
    status, code = doors[door]()
    assert ((status, code) == (400, "agent_disabled") or (door, status) == ("page", 422), state()) == (True, before)


def test_mention_of_a_disabled_agent_says_why_nothing_happens(board, member, scribe):
    Agent.objects.filter(pk=scribe.pk).update(is_enabled=False)
    message = post(room_of(board), text="@scribe look", by=member, client_message_id=uuid4())
    assert message.mention_refusals.get().reason == MentionRefusal.Reason.DISABLED
    assert not Run.objects.exists()


def test_pause_lines_up_anew_what_a_disabled_agent_works_at(board, ana, mai, scribe):
    run = run_of(scribe, ana)
    Run.objects.filter(pk=run.pk).update(status=Run.Status.RUNNING)
    Agent.objects.filter(pk=scribe.pk).update(is_enabled=False)
    room_of(board)
    pause(board, by=mai, stop=True)
    assert list(run.task.runs.open().values_list("status", "attempt")) == [("queued", 2)]
