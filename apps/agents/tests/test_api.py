import pytest

from apps.accounts.models import User
from apps.accounts.tests.programs import Program
from apps.agents.models import Agent, Run
from apps.agents.runs import lifecycle
from apps.agents.tests.factories import GatewayFactory, agent_in, run_of
from apps.projects.models import Role
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.tests.factories import BoardFactory, task_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(ana):
    return Program(ana)


@pytest.fixture
def admin(db):
    return Program(User.objects.create_user("root", name="Root", is_staff=True))


@pytest.fixture
def task(columns, ana):
    return task_in(columns["ready"], "Sell tickets", by=ana)


def assign(program: Program, agent: Agent, task, **more):
    return program.post(f"agents/{agent.pk}/assign/", {"task_id": task.pk, **more})


@pytest.mark.queue_off
def test_assign_answers_with_the_run(program, scribe, task):
    answer = assign(program, scribe, task, prompt="Be brief.")
    told = answer.json()
    assert answer.status_code == 201
    assert (told["task"], told["agent"], told["status"]) == (task.pk, str(scribe.pk), "queued")
    assert program.get(f"runs/{told['id']}/").json()["prompt"] == "Be brief."
    assert program.get(f"tasks/{task.pk}/").json()["assignee"] == scribe.user_id


def test_assign_to_a_disabled_agent_is_refused(program, board, task):
    answer = assign(program, agent_in(board, "Mason", is_enabled=False), task)
    assert (answer.status_code, answer.json()["title"]) == (400, "Agent is disabled")


def test_assign_to_a_busy_agent_needs_queue(program, board, columns, ana, task):
    mason = agent_in(board, "Mason", max_concurrent=1)
    run_of(mason, ana)
    refused = assign(program, mason, task)
    assert (refused.status_code, refused.json()["title"]) == (400, "Agent is busy")
    assert assign(program, mason, task, queue=True).status_code == 201


def test_assign_knows_no_foreign_or_missing_rows(program, scribe):
    foreign = task_in(BoardFactory(key="OTHER").columns.first())
    answers = [assign(program, scribe, foreign)]
    foreign.pk = 999_999
    answers.append(assign(program, scribe, foreign))
    scribe.pk = "00000000-0000-4000-8000-000000000000"
    answers.append(assign(program, scribe, foreign))
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({answer.content for answer in answers}) == 1


def test_assign_is_not_for_viewers(board, scribe, task):
    viewer = Program(MembershipFactory(project=board, role=Role.VIEWER).user)
    assert assign(viewer, scribe, task).status_code == 403
    assert not Run.objects.exists()


def test_assign_refuses_a_prompt_over_the_limit(program, scribe, task):
    answer = assign(program, scribe, task, prompt="ü" * 102_401)
    assert answer.status_code == 413
    assert "200 KiB" in answer.json()["title"]
    assert not Run.objects.exists()


def test_runs_list_filters_and_leaves_long_texts_out(program, scribe, ana):
    first, second = run_of(scribe, ana), run_of(scribe, ana)
    rows = program.get("runs/").json()["results"]
    assert [row["id"] for row in rows] == [str(second.pk), str(first.pk)]
    assert not rows[0].keys() & {"prompt", "result"}
    assert [row["id"] for row in program.get(f"runs/?task={first.task_id}").json()["results"]] == [str(first.pk)]
    assert program.get("runs/?status=failed").json()["results"] == []
    assert program.get("runs/?status=lost").status_code == 400


def test_agents_list_takes_as_many_queries_for_one_as_for_many(program, board, ana, django_assert_max_num_queries):
    gateway = GatewayFactory()
    for name in ("Mason", "Lint", "Ada"):
        run_of(agent_in(board, name, gateway=gateway), ana)
    with django_assert_max_num_queries(3):
        rows = program.get("agents/").json()["results"]
    assert [(row["status"], row["current_tasks"]) for row in rows] == [("working", 1)] * 3


def test_run_is_cancelled_and_retried(program, scribe, ana):
    run = run_of(scribe, ana)
    assert program.post(f"runs/{run.pk}/cancel/").json()["status"] == "cancelled"
    again = program.post(f"runs/{run.pk}/retry/")
    assert (again.status_code, again.json()["attempt"]) == (201, 2)
    assert program.post(f"runs/{run.pk}/retry/").status_code == 409


def test_result_is_sent_back_with_a_note_then_accepted(program, scribe, ana):
    run = run_of(scribe, ana)
    lifecycle.succeed(run, result="Done.")
    assert program.post(f"runs/{run.pk}/request-changes/", {"note": " "}).status_code == 400
    second = program.post(f"runs/{run.pk}/request-changes/", {"note": "Shorter."}).json()
    assert (second["attempt"], second["prompt"]) == (2, "Shorter.")
    lifecycle.succeed(Run.objects.get(pk=second["id"]), result="Done.")
    assert program.post(f"runs/{second['id']}/accept/").json()["review"] == "accepted"
    assert program.get(f"tasks/{run.task_id}/").json()["category"] == "done"
    assert program.post(f"runs/{second['id']}/accept/").status_code == 412


def test_agents_are_created_by_administrators(admin, program):
    gateway = GatewayFactory()
    body = {"name": "Mason", "slug": "mason", "gateway": gateway.pk, "max_concurrent": 2}
    assert program.post("agents/", body).status_code == 403
    made = admin.post("agents/", body | {"user": 1, "status": "working", "current_tasks": 9})
    assert made.status_code == 201
    told = made.json()
    assert body.items() <= told.items()
    assert (told["status"], told["current_tasks"], told["model"]) == ("idle", 0, "")
    assert admin.post("agents/", body).status_code == 400


def test_agents_api_holds_no_secret_of_a_gateway(admin, scribe):
    told = admin.get(f"agents/{scribe.pk}/").content.decode()
    for secret in ("hook-token", "gateway-token", "callback-secret"):
        assert secret not in told


def test_agent_change_is_for_administrators_and_keeps_slug(admin, program, scribe):
    path = f"agents/{scribe.pk}/"
    assert program.patch(path, {"is_enabled": False}).status_code == 403
    told = admin.patch(path, {"is_enabled": False, "name": "Scribe II", "slug": "other"}).json()
    assert (told["is_enabled"], told["name"], told["slug"]) == (False, "Scribe II", "scribe")
    scribe.user.refresh_from_db()
    assert scribe.user.name == "Scribe II"
    assert admin.put(path, {"name": "Scribe", "max_concurrent": 0}).status_code == 400
    assert admin.put(path, {"name": "Scribe"}).status_code == 200


def test_agent_of_another_project_is_not_found(scribe, cy):
    stranger = Program(cy)
    assert stranger.get("agents/").json()["results"] == []
    assert stranger.get(f"agents/{scribe.pk}/").status_code == 404
    assert stranger.patch(f"agents/{scribe.pk}/", {"name": "Mine"}).status_code == 404
