"""How far a token reaches: what it may do, and in which projects, whatever it asks for."""

import pytest

from apps.accounts.models import ApiToken
from apps.accounts.tests.programs import Program
from apps.accounts.tokens import tokens
from apps.agents.models import Run
from apps.agents.tests.factories import agent_in, run_of
from apps.projects.models import Project, Role
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.tests.factories import BoardFactory, task_in

pytestmark = pytest.mark.django_db
NO_UUID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def other(ana) -> Project:
    """A second project of Ana's, with a task and an agent's run in it."""
    other = BoardFactory(key="OTHER")
    MembershipFactory(project=other, user=ana)
    run_of(agent_in(other, "Quill"), by=ana)
    return other


@pytest.fixture
def run(board, ana) -> Run:
    return run_of(agent_in(board), by=ana)


@pytest.mark.req("L36", "A6")
@pytest.mark.parametrize("verb", ["cancel", "retry", "accept", "request-changes"])
def test_token_needs_the_agents_scope_to_decide_on_runs(ana, run, verb):
    address = f"runs/{run.pk}/{verb}/"
    for scope in (ApiToken.Scope.READ, ApiToken.Scope.WRITE):
        assert Program(ana, scope).get(f"runs/{run.pk}/").status_code == 200
        assert Program(ana, scope).post(address).status_code == 403
    run.refresh_from_db()
    assert run.status == Run.Status.RUNNING
    assert Program(ana).post(address, {"note": "Shorter."}).status_code != 403


@pytest.mark.req("L36", "A6")
def test_token_that_only_writes_starts_no_agent(ana, board, columns):
    scribe = agent_in(board)
    task = task_in(columns["ready"], "Sell tickets", by=ana)
    program = Program(ana, "write")
    answers = [
        program.post(f"agents/{scribe.pk}/assign/", {"task_id": task.pk}),
        program.patch(f"tasks/{task.pk}/", {"assignee": scribe.user_id}),
        program.post(f"projects/{board.key}/tasks/", {"title": "New", "assignee": scribe.user_id}),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert not Run.objects.exists()
    assert not board.tasks.filter(title="New").exists()
    assert program.patch(f"tasks/{task.pk}/", {"assignee": ana.pk}).status_code == 200
    assert Program(ana).patch(f"tasks/{task.pk}/", {"assignee": scribe.user_id}).status_code == 200
    assert program.patch(f"tasks/{task.pk}/", {"assignee": None}).status_code == 403
    assert Run.objects.get().status == Run.Status.RUNNING


@pytest.mark.req("L36", "A6")
def test_token_that_writes_may_remove_an_agent_from_a_project(ana, board, run):
    """Who is in a project is MANAGE; that the task is nobody's then is no direction of the agent's."""
    path = f"/api/v1/projects/{board.key}/members/{run.agent.user_id}/"
    maintainer = MembershipFactory(project=board, role=Role.MAINTAINER).user
    assert Program(ana, "write").client.delete(path).status_code == 403
    assert Program(maintainer, "write").client.delete(path).status_code == 204
    run.refresh_from_db()
    run.task.refresh_from_db()
    assert (run.status, run.task.assignee) == (Run.Status.CANCELLED, None)
    assert not board.memberships.filter(user=run.agent.user).exists()


@pytest.mark.req("L36", "A6")
def test_token_of_one_project_does_not_find_other_projects(ana, board, other):
    run = Run.objects.get()
    program = Program(ana, only_projects=[board.pk])
    pairs = {
        f"projects/{other.key}/": "projects/NONE/",
        f"projects/{other.key}/members/": "projects/NONE/members/",
        f"projects/{other.key}/columns/": "projects/NONE/columns/",
        f"projects/{other.key}/labels/": "projects/NONE/labels/",
        f"projects/{other.key}/tasks/": "projects/NONE/tasks/",
        f"tasks/{run.task_id}/": "tasks/987654/",
        f"tasks/{run.task_id}/comments/": "tasks/987654/comments/",
        f"runs/{run.pk}/": f"runs/{NO_UUID}/",
        f"agents/{run.agent_id}/": f"agents/{NO_UUID}/",
    }
    for there, nowhere in pairs.items():
        assert Program(ana).get(there).status_code == 200, there
        found, missing = program.get(there), program.get(nowhere)
        assert (found.status_code, found.content) == (missing.status_code, missing.content) == (404, missing.content)
    found, missing = program.post(f"runs/{run.pk}/cancel/"), program.post(f"runs/{NO_UUID}/cancel/")
    assert (found.status_code, found.content) == (404, missing.content)
    for listed in ("runs/", "agents/"):
        assert Program(ana).get(listed).json()["results"], listed
        assert program.get(listed).json()["results"] == [], listed
    assert [project["key"] for project in program.get("projects/").json()["results"]] == [board.key]


@pytest.mark.req("L36", "A6")
def test_token_of_one_project_creates_none_and_stays_narrow(ana, board, other):
    program = Program(ana, only_projects=[board.pk])
    assert program.post("projects/", {"key": "NEW", "name": "New"}).status_code == 403
    Project.objects.filter(pk=board.pk).delete()
    assert program.get("projects/").json()["results"] == []


@pytest.mark.req("L36", "A6")
def test_token_of_one_project_administers_no_agents(ana, board, other):
    type(ana).objects.filter(pk=ana.pk).update(is_staff=True)
    quill = Run.objects.get().agent
    scribe = agent_in(board)
    program = Program(ana, only_projects=[board.pk])
    assert program.get(f"agents/{quill.pk}/").status_code == 404
    assert program.patch(f"agents/{scribe.pk}/", {"name": "New"}).status_code == 403
    assert Program(ana, "write").patch(f"agents/{scribe.pk}/", {"name": "New"}).status_code == 403
    assert Program(ana).patch(f"agents/{scribe.pk}/", {"name": "New"}).status_code == 200


@pytest.mark.req("L40", "A6")
def test_token_is_not_widened_by_a_session(ana, board, other):
    program = Program(ana, "read", only_projects=[board.pk])
    program.client.force_login(ana)
    assert program.get(f"projects/{other.key}/").status_code == 404
    assert program.post("projects/", {"key": "NEW", "name": "New"}).status_code == 403
    tokens.revoke(ApiToken.objects.get(), by=None)
    assert program.get("projects/").status_code == 401
