import pytest

from apps.accounts.tests.programs import Program
from apps.agents.tests.factories import agent_in
from apps.projects.models import Event, Role
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.models import Task
from apps.tasks.tests.factories import BoardFactory, LabelFactory, task_in

pytestmark = pytest.mark.django_db
PROBLEM = "application/problem+json"


@pytest.fixture
def program(ana):
    return Program(ana)


@pytest.fixture
def task(columns, ana):
    return task_in(columns["ready"], "Sell tickets", by=ana)


def test_api_project_has_columns_and_its_creator_as_owner(cy):
    answer = Program(cy).post("projects/", {"key": "NEW", "name": "New"})
    assert answer.status_code == 201
    assert [member["role"] for member in answer.json()["members"]] == [Role.OWNER]
    categories = [column["category"] for column in Program(cy).get("projects/NEW/columns/").json()]
    assert categories == ["backlog", "ready", "doing", "review", "done"]


def test_api_refuses_a_taken_project_key(board, cy):
    answer = Program(cy).post("projects/", {"key": board.key, "name": "Mine"})
    assert (answer.status_code, answer.json()["code"]) == (409, "key_taken")


def test_api_shows_own_projects_only(board, program, cy):
    assert [one["key"] for one in program.get("projects/").json()["results"]] == ["TIDE"]
    assert Program(cy).get("projects/").json()["results"] == []
    assert Program(cy).get("projects/TIDE/").status_code == 404


def test_api_creates_a_task_with_all_fields(board, columns, program, ana, ben):
    label = LabelFactory(project=board)
    body = {
        "title": "Sell parking",
        "description": "With the ticket.\n",
        "priority": "high",
        "column": columns["doing"].pk,
        "assignee": ben.pk,
        "labels": [label.pk],
    }
    answer = program.post("projects/TIDE/tasks/", body)
    assert answer.status_code == 201
    told = answer.json()
    assert body.items() <= told.items()
    assert (told["key"], told["category"], told["created_by"]) == ("TIDE-1", "doing", ana.pk)
    assert answer["ETag"] == f'"{told["version"]}"'
    assert list(Event.objects.values_list("kind", flat=True)) == ["task.created", "task.assigned"]


def test_api_ignores_read_only_fields(board, columns, program, cy):
    other = BoardFactory(key="OTHER")
    body = {"title": "Mine", "project": other.pk, "created_by": cy.pk, "number": 99, "version": 7, "id": 1}
    made = Task.objects.get(pk=program.post("projects/TIDE/tasks/", body).json()["id"])
    assert (made.project, made.number, made.version) == (board, 1, 1)
    assert made.created_by != cy


@pytest.mark.req("Z3")
@pytest.mark.parametrize("field", ["column", "parent", "assignee", "labels"])
def test_api_answers_foreign_ids_like_missing_ones(board, program, cy, field):
    other = BoardFactory(key="OTHER")
    foreign = {
        "column": other.columns.first().pk,
        "parent": task_in(other.columns.first()).pk,
        "assignee": cy.pk,
        "labels": LabelFactory(project=other).pk,
    }[field]

    def refusal(value: int) -> str:
        body = {"title": "Mine", field: [value] if field == "labels" else value}
        answer = program.post("projects/TIDE/tasks/", body)
        assert answer.status_code == 400
        return answer.json()["errors"][0]["message"].replace(str(value), "?")

    assert refusal(foreign) == refusal(999_999)
    assert not board.tasks.exists()


def test_api_names_each_invalid_field(program, board):
    answer = program.post("projects/TIDE/tasks/", {"title": " ", "priority": "very", "labels": ["x"]})
    told = answer.json()
    assert (answer.status_code, answer["Content-Type"], told["code"]) == (400, PROBLEM, "invalid")
    assert {error["field"] for error in told["errors"]} == {"title", "priority", "labels.0"}


def test_api_filters_tasks_by_known_filters_only(board, columns, program, ana):
    label = LabelFactory(project=board)
    first = task_in(columns["ready"], "Sell tickets", assignee=ana, labels=[label])
    second = task_in(columns["doing"], "Sell parking", parent=first)

    def found(query: str) -> list[int]:
        return [row["id"] for row in program.get(f"projects/TIDE/tasks/?{query}").json()["results"]]

    assert found("") == [first.pk, second.pk]
    assert found(f"column={columns['doing'].pk}") == found("category=doing") == [second.pk]
    assert found(f"assignee={ana.pk}") == found(f"label={label.pk}") == found("q=TICKETS") == [first.pk]
    assert found(f"parent={first.pk}") == [second.pk]
    assert found(f"column={10**30}") == []
    for query in ("project__name=x", "ordering=title", "column=1e999999999", "category=none", "q=%00"):
        assert program.get(f"projects/TIDE/tasks/?{query}").status_code == 400, query


@pytest.mark.req("X6")
def test_api_pages_hold_100_at_most_and_miss_nothing(columns, program):
    for n in range(103):
        task_in(columns["ready"], f"Task {n}")
    first = program.get("projects/TIDE/tasks/?limit=1000").json()
    task_in(columns["ready"], "Came in between")
    rest = program.client.get(first["next"]).json()
    numbers = [row["number"] for row in first["results"] + rest["results"]]
    assert len(first["results"]) == 100
    assert numbers == list(range(1, 105))


@pytest.mark.parametrize("cursor", ["x", "cD1hYmM=", "bz05OTk5OTk5OTk5", "cD0lMDA="])
def test_api_refuses_a_foreign_cursor(board, program, cursor):
    assert program.get(f"projects/TIDE/tasks/?cursor={cursor}").status_code in (200, 404)


def test_api_list_queries_do_not_grow(columns, program, board, django_assert_max_num_queries):
    for n in range(30):
        task_in(columns["ready"], f"Task {n}", labels=[LabelFactory(project=board)])
    with django_assert_max_num_queries(4):
        program.get("projects/TIDE/tasks/?limit=100")


@pytest.mark.req("I2")
def test_api_stale_version_is_412_with_the_present_task(task, program):
    edited = program.patch(f"tasks/{task.pk}/", {"title": "Sell tickets online", "version": 1})
    assert (edited.status_code, edited.json()["version"]) == (200, 2)
    stale = program.patch(f"tasks/{task.pk}/", {"title": "Give tickets away", "version": 1})
    assert stale.status_code == 412
    assert stale.json()["current"]["title"] == "Sell tickets online"
    by_header = program.patch(f"tasks/{task.pk}/", {"title": "x"}, headers={"If-Match": '"1"'})
    garbage = program.patch(f"tasks/{task.pk}/", {"title": "x"}, headers={"If-Match": "what"})
    assert by_header.status_code == garbage.status_code == 412
    fresh = program.patch(f"tasks/{task.pk}/", {"priority": "low"}, headers={"If-Match": edited["ETag"]})
    assert fresh.json()["priority"] == "low"


def test_api_patch_assigns_and_edits_together(task, program, ben):
    told = program.patch(f"tasks/{task.pk}/", {"assignee": ben.pk, "description": "All of it."}).json()
    assert (told["assignee"], told["description"]) == (ben.pk, "All of it.")


def test_api_patch_refused_changes_nothing(task, program, ben):
    assert program.patch(f"tasks/{task.pk}/", {"assignee": ben.pk, "title": ""}).status_code == 400
    task.refresh_from_db()
    assert task.assignee is None


def test_api_moves_a_task_by_its_anchors(columns, task, program):
    other = task_in(columns["doing"], "First")
    body = {"to": columns["doing"].pk, "before": other.pk, "seen_in": columns["ready"].pk}
    assert program.post(f"tasks/{task.pk}/move/", body).json()["category"] == "doing"
    assert list(columns["doing"].tasks.all()) == [task, other]
    stale = program.post(f"tasks/{task.pk}/move/", body | {"to": columns["done"].pk})
    assert (stale.status_code, stale.json()["column"]) == (412, columns["doing"].pk)


@pytest.mark.req("Z4")
def test_api_move_stays_within_the_project(task, columns, program):
    other = BoardFactory(key="OTHER")
    assert program.post(f"tasks/{task.pk}/move/", {"to": other.columns.first().pk}).status_code == 400
    anchors = {"to": columns["doing"].pk, "after": task_in(other.columns.first()).pk}
    assert program.post(f"tasks/{task.pk}/move/", anchors).status_code == 400


def test_api_move_of_open_parent_to_done_asks(task, columns, program):
    task_in(columns["ready"], "A part", parent=task)
    asked = program.post(f"tasks/{task.pk}/move/", {"to": columns["done"].pk})
    assert (asked.status_code, asked.json()["code"]) == (409, "open_subtasks")
    answer = program.post(f"tasks/{task.pk}/move/", {"to": columns["done"].pk, "anyway": True})
    assert answer.json()["category"] == "done"


def test_api_creates_and_lists_comments(task, program, ana):
    said = program.post(f"tasks/{task.pk}/comments/", {"text": "**Now**", "author": 1})
    assert (said.status_code, said.json()["author"]) == (201, ana.pk)
    assert [row["text"] for row in program.get(f"tasks/{task.pk}/comments/").json()["results"]] == ["**Now**"]
    assert program.post(f"tasks/{task.pk}/comments/", {"text": "  "}).status_code == 400


def test_api_viewer_reads_and_changes_nothing(board, task, columns):
    program = Program(MembershipFactory(project=board, role=Role.VIEWER).user)
    assert program.get(f"tasks/{task.pk}/").status_code == 200
    refused = [
        program.post("projects/TIDE/tasks/", {"title": "Mine"}),
        program.patch(f"tasks/{task.pk}/", {"title": "Mine"}),
        program.post(f"tasks/{task.pk}/move/", {"to": columns["done"].pk}),
        program.post(f"tasks/{task.pk}/comments/", {"text": "Hm."}),
    ]
    assert [answer.status_code for answer in refused] == [403] * 4
    assert refused[0].json()["code"] == "not_allowed"


def test_api_answers_foreign_tasks_like_missing_ones(task, cy):
    program = Program(cy)
    foreign, missing = program.get(f"tasks/{task.pk}/"), program.get("tasks/999999/")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.content == missing.content


def test_api_body_over_the_limit_is_413(task, program):
    answer = program.post(f"tasks/{task.pk}/comments/", {"text": "x" * 3_000_000})
    assert (answer.status_code, answer["Content-Type"]) == (413, PROBLEM)


@pytest.mark.parametrize(
    ("count", "assigned", "allowed"), [(0, False, 10), (1, False, 11), (9, False, 11), (2, True, 16)]
)
def test_api_create_takes_few_queries(board, program, ben, count, assigned, allowed, django_assert_max_num_queries):
    labels = [label.pk for label in LabelFactory.create_batch(count, project=board)]
    body = {"title": "Quick", "labels": labels} | ({"assignee": ben.pk} if assigned else {})
    program.post("projects/TIDE/tasks/", body)  # the token's use is noted by the first
    with django_assert_max_num_queries(allowed):  # two of them are the savepoint of the test's transaction
        assert program.post("projects/TIDE/tasks/", body).json()["labels"] == labels


@pytest.mark.parametrize("who", ["nobody", "ben", "an agent"])
def test_api_answers_a_new_task_as_it_is_read_later(board, columns, program, ben, who):
    assignee = {"nobody": None, "ben": ben, "an agent": agent_in(board).user}[who]
    labels = LabelFactory.create_batch(2, project=board)
    parent = task_in(columns["ready"], "The whole")
    body = {"title": " A part ", "description": " As it is.\n", "priority": "urgent", "parent": parent.pk}
    body |= {"assignee": assignee and assignee.pk, "labels": [labels[1].pk, labels[0].pk, labels[1].pk]}
    created = program.post("projects/TIDE/tasks/", body).json()
    assert created == program.get(f"tasks/{created['id']}/").json()
    assert (created["title"], created["number"], bool(created["waits_for"])) == ("A part", 2, who == "an agent")
