"""Code on the board: what is linked, how cards move by it, and how that is taken back."""

import itertools
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.errors import Conflict
from apps.projects import events
from apps.projects.git.pages import branch_badges
from apps.projects.models import CheckRun, Commit, Event, Project, PullRequest
from apps.projects.realtime import frames
from apps.projects.tests.factories import RepositoryFactory
from apps.tasks.actions.move import move
from apps.tasks.board import cards
from apps.tasks.code import automation, task_section
from apps.tasks.code import links as code_links
from apps.tasks.detail import timeline
from apps.tasks.models import CodeLink, Task
from apps.tasks.tests.factories import BoardFactory, task_in

pytestmark = pytest.mark.django_db
SHA = "a" * 40


@pytest.fixture
def repository(board):
    return RepositoryFactory(project=board)


@pytest.fixture
def task(columns):
    return task_in(columns["ready"], "Ask for a deposit")


def forge_reports(
    repository, number=1, *, state="open", review="none", at=None, head="x", title="A change", base="main", **kw
):
    """What the forge says of a request now; returns the event, which the subscriber has heard."""
    at = at or timezone.now()
    fields = {"state": state, "review": review, "updated_at": at, "head_branch": head, "title": title, **kw}
    request, _ = PullRequest.objects.update_or_create(
        repository=repository, number=number, defaults={"head_sha": SHA, "base_branch": base, **fields}
    )
    event = events.record(repository.project, "code.request", by=None, repository=repository.pk, request=request.pk)
    code_links.on_pull_request(event)
    return event


def pushed(repository, *messages, branch="main", first=False):
    shas = [f"{Commit.objects.count() + n:040x}" for n in range(len(messages))]
    for sha, message in zip(shas, messages, strict=True):
        repository.commits.create(sha=sha, author_name="Ana", message=message, committed_at=timezone.now())
    told = {"repository": repository.pk, "branch": branch, "head": SHA, "shas": shas, "first": first}
    event = events.record(repository.project, "code.pushed", by=None, **told)
    code_links.on_pushed(event)
    return event


def category(task):
    task.refresh_from_db()
    return task.column.category


@pytest.mark.req("GIT-2", "GIT-5")
def test_links_are_made_once_for_repeated_events(repository, task):
    key = task.key.lower()
    push = pushed(repository, f"See {task.key}", f"{task.key}00 nobody knows", branch=f"ana/{key}-deposit")
    event = forge_reports(repository, head=f"{key}-deposit", title="Deposit")
    for _ in range(2):
        code_links.on_pushed(push)
        code_links.on_pull_request(event)

    links = CodeLink.objects.filter(task=task).values_list("kind", "triggers_moves")
    assert sorted(links) == [("branch", True), ("commit", False), ("pull_request", True)]
    assert Event.objects.filter(kind="task.linked").count() == 3


@pytest.mark.req("GIT-2")
def test_links_find_100_tasks_by_one_query(board, columns, django_assert_num_queries):
    for _ in range(3):
        task_in(columns["ready"])
    with django_assert_num_queries(1):
        assert sorted(code_links.tasks_by_number(board, range(1, 101))) == [1, 2, 3]


@pytest.mark.req("GIT-2")
def test_links_ignore_another_projects_key(repository):
    elsewhere = task_in(BoardFactory(key="OTHER").columns.first())
    forge_reports(repository, title=f"[{elsewhere.key}]")
    assert not CodeLink.objects.exists()


@pytest.mark.req("GIT-3")
@pytest.mark.parametrize(
    ("state", "review", "base", "goes"),
    [
        ("draft", "none", "main", "doing"),
        ("open", "none", "main", "review"),
        ("open", "approved", "main", "review"),
        ("open", "changes", "main", "doing"),
        ("merged", "approved", "main", "done"),
        ("merged", "approved", "release", "ready"),
        ("closed", "none", "main", "ready"),
    ],
)
def test_card_moves_by_its_pull_request(repository, task, state, review, base, goes):
    forge_reports(repository, state=state, review=review, base=base, title=f"[{task.key}]")
    assert category(task) == goes


@pytest.mark.req("GIT-2", "GIT-3")
def test_card_stays_for_a_bare_key(repository, task):
    forge_reports(repository, title=task.key, state="merged")
    assert category(task) == "ready"


@pytest.mark.req("GIT-3")
def test_card_closes_with_last_of_several_pull_requests(repository, task):
    for number in (1, 2):
        forge_reports(repository, number, title=f"[{task.key}]")
    forge_reports(repository, 1, title=f"[{task.key}]", state="merged")
    assert category(task) == "review"
    forge_reports(repository, 2, title=f"[{task.key}]", state="merged")
    assert category(task) == "done"


@pytest.mark.req("GIT-3")
def test_card_never_moves_back_behind_a_manual_move(repository, task, columns, ana):
    forge_reports(repository, title=f"[{task.key}]")
    move(task, to=columns["done"], by=ana)
    forge_reports(repository, title=f"[{task.key}]", review="changes")
    assert category(task) == "done"


@pytest.mark.req("GIT-3", "W2")
def test_card_stays_for_what_preceded_a_manual_move(repository, task, columns, ana):
    before = timezone.now()
    move(task, to=columns["backlog"], by=ana)
    forge_reports(repository, title=f"[{task.key}]", at=before)
    assert category(task) == "backlog"


@pytest.mark.req("GIT-3")
def test_card_never_moves_back_after_an_automatic_move(repository, task, columns, ana):
    move(task, to=columns["review"], by=ana)
    forge_reports(repository, 1, title=f"[{task.key}]", state="merged")
    assert category(task) == "done"
    forge_reports(repository, 2, title=f"[{task.key}]", state="draft")
    assert category(task) == "done"


@pytest.mark.req("GIT-3")
def test_card_never_moves_back_after_moves_in_its_column(repository, task, columns, ana):
    move(task, to=columns["done"], by=ana)
    other = task_in(columns["done"])
    for _ in range(12):
        move(task, to=columns["done"], after=other, by=ana)
        move(other, to=columns["done"], after=task, by=ana)
    forge_reports(repository, title=f"[{task.key}]", state="draft")
    assert category(task) == "done"


@pytest.mark.req("GIT-3", "W2", "W3")
@pytest.mark.parametrize("order", [*itertools.permutations(range(4))])
@pytest.mark.parametrize("second", ["closed", "merged"])
def test_card_ends_alike_for_any_order_of_deliveries(repository, task, order, second):
    began = timezone.now()
    words = [(1, "draft"), (2, "open"), (1, "merged"), (2, second)]
    told: dict[int, int] = {}
    for at in order:
        number, state = words[at]
        if told.get(number, -1) < at:  # what is older than the row is not taken, and tells nobody
            told[number] = at
            forge_reports(repository, number, title=f"[{task.key}]", state=state, at=began + timedelta(seconds=at))
    assert category(task) == "done"


@pytest.mark.req("GIT-3", "W2")
@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_card_follows_the_later_of_two_pull_requests(repository, task, order):
    began = timezone.now()
    for number in order:
        at, state = began + timedelta(seconds=number), {1: "draft", 2: "open"}[number]
        forge_reports(repository, number, title=f"[{task.key}]", state=state, at=at)
    assert category(task) == "review"


@pytest.mark.req("GIT-2", "GIT-3")
def test_links_ignore_a_forks_branch(repository, task):
    forge_reports(repository, head=f"stranger:feature/{task.key.lower()}-x")
    assert not CodeLink.objects.exists()


@pytest.mark.req("GIT-3", "W2")
def test_card_moves_once_for_a_repeated_event(repository, task, columns, ana):
    event = forge_reports(repository, title=f"[{task.key}]")
    move(task, to=columns["ready"], by=ana)
    code_links.on_pull_request(event)
    forge_reports(repository, title=f"[{task.key}] and better words")
    assert category(task) == "ready"


@pytest.mark.req("GIT-3", "W2")
def test_card_stays_for_what_preceded_the_repository(repository, task):
    forge_reports(repository, title=f"[{task.key}]", state="merged", at=repository.created_at - timedelta(days=1))
    pushed(repository, branch="main", first=True)
    assert category(task) == "ready"


@pytest.mark.req("GIT-2", "GIT-3")
@pytest.mark.parametrize(
    ("words", "branch", "goes"),
    [
        ("fixes {}", "main", "done"),
        ("fixes {}", "else", "ready"),
        ("[{}] a step", "main", "ready"),
        ("{}", "main", "ready"),
    ],
)
def test_commit_closes_task_on_the_default_branch(repository, task, words, branch, goes):
    pushed(repository, words.format(task.key), branch=branch)
    assert category(task) == goes


@pytest.mark.req("GIT-3")
def test_commit_closes_task_once_on_the_default_branch(repository, task):
    event = pushed(repository, f"fixes {task.key}", branch="else")
    later = {**event.payload, "branch": "main"}
    code_links.on_pushed(events.record(repository.project, "code.pushed", by=None, **later))
    assert category(task) == "done"


@pytest.mark.req("GIT-3")
def test_automatic_move_says_why_and_is_undone(repository, task, ana):
    forge_reports(repository, 7, title=f"[{task.key}]")
    entries, _ = timeline.entries(task)
    assert any("because pull request 7 in" in entry.sentence for entry in entries)

    task.refresh_from_db()
    automation.undo(task, seq=automation.undoable(task).seq, by=ana)

    assert category(task) == "ready"
    assert automation.undoable(task) is None
    with pytest.raises(Conflict):
        automation.undo(task, seq=1, by=ana)


@pytest.mark.req("GIT-3")
def test_open_subtasks_keep_a_card_open_and_say_so(repository, task):
    task_in(task.column, parent=task)
    forge_reports(repository, title=f"[{task.key}]", state="merged")
    assert category(task) == "ready"
    assert any("1 subtask is still open" in entry.sentence for entry in timeline.entries(task)[0])


@pytest.mark.req("FLT-34")
def test_done_parent_keeps_a_card_done_and_says_so(repository, task, columns, ana):
    """Nobody can be asked, as for a parent with open subtasks."""
    Task.objects.filter(pk=task.pk).update(parent=task_in(columns["ready"], "Parent"))
    forge_reports(repository, title=f"[{task.key}]", state="merged")
    move(Task.objects.get(title="Parent"), to=columns["done"], by=ana)
    forge_reports(repository, 2, title=f"[{task.key}]")
    assert category(task) == "done"
    assert any("which it is a part of, is done" in entry.sentence for entry in timeline.entries(task)[0])


@pytest.mark.req("GIT-5")
def test_link_dismissed_by_hand_stays_dismissed(repository, task, ana):
    event = forge_reports(repository)
    made = code_links.link(task, repository=repository, number=1, by=ana)
    assert (made.triggers_moves, category(task)) == (True, "ready")

    code_links.unlink(made, by=ana)
    PullRequest.objects.update(title=f"[{task.key}]", state="merged")
    code_links.on_pull_request(event)
    assert not CodeLink.objects.active().exists()
    assert category(task) == "ready"

    code_links.link(task, repository=repository, number=1, by=ana)
    assert CodeLink.objects.active().count() == 1
    with pytest.raises(code_links.PullRequestNotFound):
        code_links.link(task, repository=repository, number=2, by=ana)


@pytest.mark.req("GIT-5")
@pytest.mark.parametrize(
    ("state", "review", "check", "dot"),
    [
        ("open", "none", None, "open"),
        ("draft", "none", "pending", "open"),
        ("open", "approved", "failed", "failing"),
        ("open", "approved", "passed", "approved"),
        ("merged", "none", "failed", "merged"),
        ("closed", "none", None, ""),
    ],
)
def test_card_shows_one_dot_for_its_code(board, repository, task, state, review, check, dot):
    forge_reports(repository, title=task.key, state=state, review=review)
    if check:
        CheckRun.objects.create(repository=repository, sha=SHA, name="ci", state=check, reported_at=timezone.now())
    (row,) = cards.of_tasks(board, [task.pk])
    assert row.code == dot
    assert (f'data-pr="{dot}"' in cards.render(board.key, row, {})) == bool(dot)


@pytest.mark.req("GIT-5", "FLT-26")
def test_card_shows_no_dot_of_a_dismissed_pull_request(board, repository, task, ana):
    forge_reports(repository, title=task.key)
    code_links.unlink(CodeLink.objects.get(), by=ana)
    (row,) = cards.of_tasks(board, [task.pk])
    assert row.code == ""


@pytest.mark.req("GIT-5")
def test_check_redraws_card_and_open_task(board, repository, task):
    forge_reports(repository, title=task.key)
    project = Project.objects.get(pk=board.pk)
    CheckRun.objects.create(repository=repository, sha=SHA, name="ci", state="failed", reported_at=timezone.now())
    event = events.record(
        project, "code.checked", by=None, repository=repository.pk, sha=SHA, name="ci", state="failed"
    )

    put = {op["id"]: op["html"] for op in frames.ops_for(project, [event], task.pk) if op["op"] == "put"}

    assert 'data-pr="failing"' in put[f"task-{task.pk}"]
    assert "1 check failed" in put[f"task-{task.pk}-code"]


@pytest.mark.req("GIT-5")
def test_code_section_queries_do_not_grow(repository, task, django_assert_max_num_queries):
    for number in range(1, 11):
        forge_reports(repository, number, title=task.key, url="https://forge.example/1")
    task = Task.objects.with_relations().get(pk=task.pk)
    with django_assert_max_num_queries(6):
        html = task_section.section(task)
    assert html.count('href="https://forge.example/1"') == 10


@pytest.mark.req("GIT-5")
def test_code_section_links_unlinks_and_undoes(client, board, repository, task, ana):
    client.force_login(ana)
    forge_reports(repository, head="x")
    page = f"/projects/{board.key}/tasks/{task.number}/"
    assert client.post(f"{page}link/", {"repository": repository.pk, "number": 1}).status_code == 302
    link = task.code_links.get()
    assert b"A change" in client.get(page).content
    assert client.post(f"{page}unlink/", {"link": link.pk}).status_code == 302
    assert not task.code_links.active().exists()
    assert client.post(f"{page}undo/", {"seq": 1}).status_code == 409


@pytest.mark.req("GIT-5")
def test_unlinked_commit_stays_unlinked(client, repository, task, ana):
    push = pushed(repository, f"One for {task.key}", f"Two for {task.key}")
    client.force_login(ana)
    page = f"/projects/TIDE/tasks/{task.number}/"
    link = task.code_links.get(ref=push.payload["shas"][0])
    assert f'name="link" value="{link.pk}"' in client.get(page).text
    assert client.post(f"{page}unlink/", {"link": link.pk}).status_code == 302
    shown = client.get(page).text
    assert "One for" not in shown
    assert "Two for" in shown
    code_links.on_pushed(push)
    assert task.code_links.active().count() == 1


def test_branch_badges_show_the_tasks(columns, repository, task, django_assert_num_queries):
    other = task_in(columns["doing"], "<b>Another</b>")
    for name in (f"{task.key.lower()}-a", f"{other.key.lower()}-b", "main"):
        pushed(repository, branch=name)
    names = [f"{task.key.lower()}-a", f"{other.key.lower()}-b", "main"]
    with django_assert_num_queries(1):
        found = branch_badges.badges_of(repository, names)
    assert list(found) == names[:2]
    assert f'href="{task.get_absolute_url()}"' in found[names[0]][0]
    assert "&lt;b&gt;Another&lt;/b&gt;" in found[names[1]][0]


def test_links_api_lists_creates_and_deletes(client, repository, task, ana, ben):
    forge_reports(repository, 7)
    client.force_login(ana)
    api = f"/api/v1/tasks/{task.pk}/links/"
    assert client.get(api).json()["results"] == []
    for _ in range(2):
        made = client.post(api, {"repository": repository.pk, "number": 7}, "application/json")
        assert made.status_code == 201
    [link] = client.get(api).json()["results"]
    assert (link["kind"], link["ref"], link["triggers_moves"], link["created_by"]) == (
        "pull_request",
        "7",
        True,
        ana.pk,
    )
    missing = client.post(api, {"repository": repository.pk, "number": 8}, "application/json")
    assert (missing.status_code, missing.json()["code"]) == (400, "pull_request_not_found")
    assert [client.delete(f"/api/v1/links/{link['id']}/").status_code for _ in range(2)] == [204, 404]
    assert client.get(api).json()["results"] == []
