"""What branches are called, and beginning to work on a task."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import AuditEntry, User
from apps.projects.models import Event, Project, Role
from apps.projects.tests.factories import MembershipFactory, RepositoryFactory
from apps.tasks.actions.move import move
from apps.tasks.actions.start import start
from apps.tasks.code import branch_names, task_references
from apps.tasks.detail import panel
from apps.tasks.models import BranchNameTemplate, Task
from apps.tasks.tests.factories import task_in

pytestmark = pytest.mark.django_db
TEMPLATES = ["{key}-{title}", "{user}/{key}-{title}", "work/{key}/{title}", "{key}", "{title}/{key}_{user}", "-/{key}-"]


@pytest.fixture
def task(columns):
    return task_in(columns["ready"], "Ask for a deposit")


@pytest.fixture
def keeper(board):
    return MembershipFactory(project=board, role=Role.MAINTAINER).user


def is_ref(name: str) -> bool:
    checked = subprocess.run(["git", "check-ref-format", "--branch", name], capture_output=True, check=False)
    return checked.returncode == 0


@pytest.mark.req("GIT-4")
@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Ask for a deposit", "ask-for-a-deposit"),
        ("Größere Fähren für Åse & Søren", "groessere-faehren-fuer-aase-soeren"),
        ("Café 🚢 Łódź", "cafe-lodz"),
        ("Паром для школ", "parom-dlya-shkol"),
        ("🚢🚢", ""),
        ("..//~^:?*[\\@{.lock", "lock"),
        ("-" * 50, ""),
        ("東京", ""),
        ("x" * 200, "x" * (60 - len("tide-1-"))),
        ("word " * 40, "-".join(["word"] * 10)),
    ],
)
def test_branch_name_is_a_valid_ref(columns, title, words):
    task = task_in(columns["ready"], title)
    name = branch_names.name_for(task)
    assert name == f"tide-1-{words}".rstrip("-")
    assert len(name) <= branch_names.MAX_LENGTH
    checked = subprocess.run(["git", "check-ref-format", "--branch", name], capture_output=True, check=False)
    assert checked.returncode == 0


@pytest.mark.req("GIT-4")
@pytest.mark.parametrize("template", TEMPLATES)
@given(
    title=st.text(min_size=1, max_size=200),
    username=st.from_regex(r"[A-Za-z0-9._@+-]{1,60}", fullmatch=True),
    key=st.from_regex(r"[A-Z][A-Z0-9]{1,9}", fullmatch=True),
    number=st.integers(1, 999_999_999),
)
def test_branch_name_is_short_and_references_its_task(template, title, username, key, number):
    branch_names._check(template)
    task = Task(project=Project(key=key), number=number, title=title)
    name = branch_names._fill(template, task, branch_names.user_slug(User(username=username)))
    assert len(name) <= branch_names.MAX_LENGTH
    assert task_references.in_branch(name, key) == [number]
    assert set(name) <= set("abcdefghijklmnoprstuvwxyzq0123456789-_/")
    assert not any(part.startswith("-") or not part for part in name.split("/"))


@pytest.mark.req("GIT-4")
@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("title", ["Ask", "🚢", "a" * 200, "..", "-x.lock", "@{u}"])
def test_branch_names_are_accepted_by_git(columns, ana, keeper, board, template, title):
    branch_names.set_template(board, template, by=keeper)
    assert is_ref(branch_names.name_for(task_in(columns["ready"], title), user=ana))


@pytest.mark.req("GIT-4")
@pytest.mark.parametrize(
    "template",
    [
        *("{title}", "x{key}", "{key}x", "{key}{title}", "{key}-{key}", "{key} {title}", "{key}..{title}", "{key}@{0}"),
        *("{key}-{other}", "{key}-{title", "тб/{key}", "{key}~1", "{key}.lock", "a" * 25 + "/{key}", "{{key}}"),
    ],
)
def test_branch_template_must_hold_the_key(client, board, keeper, template):
    client.force_login(keeper)
    page = client.post("/projects/TIDE/settings/branches/", {"template": template})
    assert page.status_code == 422
    assert "field__error" in page.text
    answer = client.put("/api/v1/projects/TIDE/branch-names/", {"template": template}, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_template")
    assert not BranchNameTemplate.objects.exists()


def test_branch_template_is_set_by_maintainers(client, board, keeper, task, ana):
    client.force_login(keeper)
    for template in ("{user}/{key}-{title}", "{user}/{key}-{title}"):
        assert client.post("/projects/TIDE/settings/branches/", {"template": template}).status_code == 302
    assert branch_names.name_for(task, user=ana) == "ana/tide-1-ask-for-a-deposit"
    assert branch_names.name_for(task) == "tide-1-ask-for-a-deposit"
    assert branch_names.shared_name_for(task) == "{user}/tide-1-ask-for-a-deposit"
    assert Event.objects.filter(kind="branch_names.changed").count() == 1
    assert AuditEntry.objects.filter(action="branch_names.changed").count() == 1
    client.put("/api/v1/projects/TIDE/branch-names/", {"template": ""}, "application/json")
    assert client.get("/api/v1/projects/TIDE/branch-names/").json() == {"template": branch_names.DEFAULT}
    assert not BranchNameTemplate.objects.exists()


def test_branch_name_in_shared_html_names_nobody(client, board, keeper, task, ana):
    RepositoryFactory(project=board)
    branch_names.set_template(board, "{user}/{key}", by=keeper)
    assert 'data-branch="{user}/tide-1"' in panel.sections_of(task)["code"]
    client.force_login(ana)
    assert 'data-branch-user="ana"' in client.get(task.get_absolute_url()).text


@pytest.mark.req("GIT-4")
def test_start_assigns_and_moves_to_progress(client, board, columns, task, ana):
    client.force_login(ana)
    for _ in range(2):
        assert client.post(f"{task.get_absolute_url()}start/").status_code == 302
    task.refresh_from_db()
    assert (task.assignee, task.column) == (ana, columns["doing"])
    kinds = Event.objects.filter(task_id=task.pk, kind__in=["task.assigned", "task.moved"])
    assert kinds.count() == 2


def test_start_keeps_assignee_and_moves_nothing_back(board, columns, task, ana, ben):
    Task.objects.filter(pk=task.pk).update(assignee=ben)
    move(task, to=columns["review"], by=ben)
    started = start(task, by=ana)
    assert (started.assignee, started.column) == (ben, columns["review"])


def test_start_api_answers_with_the_branch_name(client, board, columns, task, ana):
    client.force_login(ana)
    answer = client.post(f"/api/v1/tasks/{task.pk}/start/").json()
    assert answer["branch"] == "tide-1-ask-for-a-deposit"
    assert (answer["task"]["assignee"], answer["task"]["column"]) == (ana.pk, columns["doing"].pk)
