"""What lists of agents and runs cost once a hundred thousand runs have ended: as much as on the first day."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.tests.programs import Program
from apps.agents.models import Agent, Run
from apps.agents.tests.factories import agent_in, run_of
from apps.projects.tests.factories import MembershipFactory, UserFactory
from apps.sql.tests.rows_read import analyze, rows_read
from apps.tasks.tests.factories import task_in

pytestmark = [pytest.mark.django_db, pytest.mark.queue_off]
MANY = 3_000


def add_ended_runs(agent, task, count: int) -> None:
    Run.objects.bulk_create(
        Run(project=task.project, task=task, agent=agent, attempt=n, status=Run.Status.SUCCEEDED, session_key=f"{n}")
        for n in range(1, count + 1)
    )
    analyze("agents_run")


@pytest.fixture
def crew(board, columns, ana):
    """Two agents, with a queued run each, and a task on which their runs have ended."""
    agents = [agent_in(board, name) for name in ("Mason", "Scribe")]
    for agent in agents:
        run_of(agent, ana)
    add_ended_runs(agents[0], task_in(columns["ready"], "Early work"), 60)
    return agents


def cost(get) -> tuple[int, int]:
    """Statements, and rows of runs that were read for them, once what is noted a minute has been."""
    get()
    with CaptureQueriesContext(connection) as captured:
        assert get().status_code == 200
    return len(captured), rows_read(query["sql"] for query in captured)["agents_run"]


@pytest.mark.parametrize("path", ["agents/", "runs/"])
def test_api_list_reads_no_more_when_many_runs_ended(path, crew, columns, ana):
    program = Program(ana)
    few = cost(lambda: program.get(path))
    add_ended_runs(crew[1], task_in(columns["ready"], "Later work"), MANY)
    many = cost(lambda: program.get(path))
    assert many[0] == few[0]
    assert many[1] <= max(few[1], 60) * 1.3


def test_admin_list_reads_no_more_when_many_runs_ended(crew, columns, client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    few = cost(lambda: client.get("/admin/agents/agent/"))
    add_ended_runs(crew[1], task_in(columns["ready"], "Later work"), MANY)
    many = cost(lambda: client.get("/admin/agents/agent/"))
    assert many[0] == few[0]
    assert many[1] <= few[1] * 1.3


def test_runs_are_listed_by_an_index_unsorted(crew, columns, ana):
    add_ended_runs(crew[1], task_in(columns["ready"], "Later work"), MANY)
    plan = Run.objects.visible_to(ana, projects_first=True).order_by("-created_at")[:51].explain()
    assert "run_by_time" in plan
    assert "Seq Scan on agents_run" not in plan
    assert "Sort" not in plan


def test_agents_are_listed_once_for_who_shares_two_projects(crew, ana):
    other = MembershipFactory(user=ana).project
    MembershipFactory(user=crew[0].user, project=other)
    assert list(Agent.objects.visible_to(ana)) == crew
