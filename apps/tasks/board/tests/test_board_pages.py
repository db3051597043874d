"""The board's pages: what they cost, what they show, and that they work without a script."""

import json

import pytest
from django.urls import reverse

from apps.projects.models import Membership, Project, Role
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.tests.factories import task_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana_visits(client, ana):
    client.force_login(ana)
    return client


@pytest.mark.parametrize("count", [10, 120])
def test_board_queries_do_not_grow_with_tasks(ana_visits, board, columns, count, django_assert_max_num_queries):
    for number in range(count):
        task_in(columns["ready"], f"Task {number}")
    with django_assert_max_num_queries(9):
        html = ana_visits.get("/projects/TIDE/").content.decode()
    assert html.count('<article class="card"') == min(count, 25)


@pytest.mark.parametrize("count", [2, 120])
def test_move_queries_do_not_grow_with_the_column(ana_visits, board, columns, count, django_assert_max_num_queries):
    first, *_, last = [task_in(columns["ready"], f"Task {number}") for number in range(count)]
    board.refresh_from_db()
    move = {"to": columns["ready"].pk, "after": last.pk, "since": board.last_seq}
    with django_assert_max_num_queries(13):  # two of them begin and end a transaction within the test's
        answer = ana_visits.post(f"{first.get_absolute_url()}move/", move, headers={"Accept": "application/json"})
    assert f"task-{first.pk}" in {op["id"] for op in answer.json()["ops"]}


def test_move_into_done_asks_one_statement_more(ana_visits, board, columns, django_assert_max_num_queries):
    task = task_in(columns["ready"], "A task")
    board.refresh_from_db()
    move = {"to": columns["done"].pk, "since": board.last_seq}
    with django_assert_max_num_queries(14):  # whether a result waits, besides
        answer = ana_visits.post(f"{task.get_absolute_url()}move/", move, headers={"Accept": "application/json"})
    assert f"column-{columns['done'].pk}-count" in {op["id"] for op in answer.json()["ops"]}


@pytest.mark.parametrize("count", [2, 120])
def test_create_queries_do_not_grow_with_the_column(ana_visits, board, columns, count, django_assert_max_num_queries):
    for number in range(count):
        task_in(columns["ready"], f"Task {number}")
    board.refresh_from_db()
    wanted = {"title": "Quick", "column": columns["ready"].pk, "since": board.last_seq}
    with django_assert_max_num_queries(13):  # two of them begin and end a transaction within the test's
        answer = ana_visits.post(
            reverse("tasks:create", args=[board.key]), wanted, headers={"Accept": "application/json"}
        )
    assert f"task-{answer.json()['placed']['task']}" in {op["id"] for op in answer.json()["ops"]}


def test_column_page_continues_where_the_board_ended(ana_visits, board, columns):
    for number in range(30):
        task_in(columns["ready"], f"Task {number}")
    html = ana_visits.get("/projects/TIDE/").content.decode()
    url = html.split("column__more")[1].split('href="')[1].split('"')[0]
    rest = ana_visits.get(url, headers={"X-Fragment": "1"}).content.decode()
    assert rest.count('<article class="card"') == 5
    assert "Task 29" in rest
    assert "<main" in ana_visits.get(url).content.decode()


def test_board_is_404_for_outsiders(client, board, cy):
    client.force_login(cy)
    assert client.get("/projects/TIDE/").status_code == 404


def test_create_works_as_a_plain_form(ana_visits, board, columns):
    answer = ana_visits.post("/projects/TIDE/tasks/", {"title": " Buy rope ", "column": columns["doing"].pk})
    task = board.tasks.get()
    assert (task.title, task.column) == ("Buy rope", columns["doing"])
    assert answer.url == f"/projects/TIDE/#task-{task.pk}"


def test_create_without_title_shows_the_form(ana_visits, board):
    assert ana_visits.post("/projects/TIDE/tasks/", {"title": " "}).status_code == 422
    assert not board.tasks.exists()


@pytest.mark.req("DND-3")
def test_move_works_as_a_plain_page(ana_visits, board, columns):
    task_in(columns["doing"], "There already")
    task = task_in(columns["ready"])
    url = f"/projects/TIDE/tasks/{task.number}/move/"
    assert b"Doing" in ana_visits.get(url).content or b"In progress" in ana_visits.get(url).content
    answer = ana_visits.post(url, {"to": columns["doing"].pk, "place": "start", "seen_in": columns["ready"].pk})
    assert answer.status_code == 302
    assert list(columns["doing"].tasks.values_list("title", flat=True)) == [task.title, "There already"]


def test_move_answers_a_script_with_its_frame(ana_visits, board, columns):
    task = task_in(columns["ready"])
    board.refresh_from_db()
    answer = ana_visits.post(
        f"/projects/TIDE/tasks/{task.number}/move/",
        {"to": columns["doing"].pk, "since": board.last_seq, "epoch": str(board.epoch), "client": "c1"},
        headers={"Accept": "application/json"},
    )
    frame = answer.json()
    assert frame["seq"] == board.last_seq + 1
    put = next(op for op in frame["ops"] if op["id"] == f"task-{task.pk}")
    assert put["parent"] == f"column-{columns['doing'].pk}-list"
    assert put["by"]["client"] == "c1"


def test_move_of_open_parent_to_done_asks_on_page_and_json(ana_visits, board, columns):
    task = task_in(columns["ready"])
    task_in(columns["ready"], "A part", parent=task)
    url, wish = f"/projects/TIDE/tasks/{task.number}/move/", {"to": columns["done"].pk}
    assert b"still open" in ana_visits.post(url, wish).content
    answer = ana_visits.post(url, wish, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "open_subtasks")
    assert ana_visits.post(url, wish | {"anyway": "1"}).status_code == 302


def test_viewer_reads_board_and_changes_nothing(client, board, columns):
    vera = MembershipFactory(project=board, user__name="Vera", role=Role.VIEWER).user
    client.force_login(vera)
    task = task_in(columns["ready"])
    html = client.get("/projects/TIDE/").content.decode()
    assert "quick-add__title" not in html
    assert "data-can-write" not in html
    answer = client.post("/projects/TIDE/tasks/", {"title": "No"})
    assert answer.status_code == 403
    move = client.post(f"/projects/TIDE/tasks/{task.number}/move/", {"to": columns["done"].pk})
    assert move.status_code == 403


@pytest.mark.req("ORD-3")
def test_move_ignores_a_missing_neighbour(ana_visits, board, columns):
    task_in(columns["doing"], "There already")
    task = task_in(columns["ready"], "Moved")
    gone = 999_999
    ana_visits.post(
        f"/projects/TIDE/tasks/{task.number}/move/",
        {"to": columns["doing"].pk, "after": gone, "before": gone + 1},
    )
    assert list(columns["doing"].tasks.values_list("title", flat=True)) == ["There already", "Moved"]


def test_updates_answer_with_what_is_new(ana_visits, board, columns):
    task_in(columns["ready"])
    frame = ana_visits.get(f"/projects/TIDE/updates/?since=0&epoch={board.epoch}").json()
    assert [op["op"] for op in frame["ops"]] == ["put", "put"]
    assert ana_visits.get("/projects/TIDE/updates/?since=9999").json()["ops"] == [{"op": "reload"}]


def test_new_project_has_columns_and_an_owner(ana_visits, ana):
    answer = ana_visits.post("/projects/new/", {"name": "Lights", "key": "lk"})
    assert answer.url == "/projects/LK/"
    project = Project.objects.get(key="LK")
    assert project.columns.count() == 5
    assert Membership.objects.get(project=project).role == Role.OWNER
    html = ana_visits.get("/projects/LK/").content.decode()
    assert "Cards stand here" in html
    assert ana_visits.post("/projects/new/", {"name": "Again", "key": "LK"}).status_code == 422


def test_project_list_shows_own_projects_only(ana_visits, board):
    MembershipFactory(project__name="Elsewhere", project__key="ELSE")
    html = ana_visits.get("/projects/").content.decode()
    assert "Tidewater" in html
    assert "Elsewhere" not in html


def test_unknown_page_has_the_sites_layout(ana_visits):
    answer = ana_visits.get("/projects/NOPE/")
    assert answer.status_code == 404
    assert "Nothing is here" in answer.content.decode()


def test_title_is_escaped_on_the_card(ana_visits, board, columns):
    task_in(columns["ready"], "<script>alert(1)</script>")
    html = ana_visits.get("/projects/TIDE/").content.decode()
    assert "<script>alert(1)" not in html
    words = html.split('id="board-words"')[1].split(">", 1)[1].split("</script>")[0]
    assert json.loads(words)["close"] == "Close"
