"""The task's pages: what they cost, who may enter, and that nothing typed is lost."""

import re
from itertools import product

import pytest

from apps.agents.models import Run
from apps.agents.tests.factories import agent_in, run_of
from apps.projects.models import Event, Membership, Role
from apps.tasks.actions.comment import comment
from apps.tasks.actions.edit import edit
from apps.tasks.detail import panel, timeline
from apps.tasks.models import Task
from apps.tasks.tests.factories import LabelFactory, task_in

pytestmark = pytest.mark.django_db
CHANGES = [
    ("edit", {"title": "Mine now"}),
    ("comment", {"text": "Hello."}),
    ("assign", {"to": ""}),
    ("move", {"to": ""}),
]


@pytest.fixture
def ana_visits(client, ana):
    client.force_login(ana)
    return client


@pytest.fixture
def task(columns) -> Task:
    return task_in(columns["ready"], "Paint the quay", description="Two coats.")


def url_of(task: Task, verb: str = "") -> str:
    return task.get_absolute_url() + (f"{verb}/" if verb else "")


# What it costs


@pytest.mark.parametrize("count", [1, 12])
@pytest.mark.parametrize(("query", "allowed"), [("?full", 17), ("", 23)])
def test_panel_queries_do_not_grow_with_the_task(
    ana_visits, board, columns, ana, ben, count, query, allowed, django_assert_num_queries
):
    scribe = agent_in(board, "Scribe")
    run = run_of(scribe, ana)
    for number in range(1, count):
        run.pk, run.attempt, run.status = None, number + 1, "failed"
        run.save(force_insert=True)
    for number in range(count):
        task_in(columns["ready"], f"Part {number}", parent=run.task, assignee=ben, by=ana)
        comment(run.task, text=f"@scribe, @ben: comment {number}.", by=ben)
    with django_assert_num_queries(allowed):
        html = ana_visits.get(url_of(run.task) + query).content.decode()
    assert html.count('class="entry__text"') == html.count('class="attempt"') == count


def test_panel_fragment_comes_without_the_board(ana_visits, task):
    html = ana_visits.get(url_of(task), headers={"X-Fragment": "drawer"}).content.decode()
    assert html.lstrip().startswith("<aside")
    assert "<main" not in html


# Who may enter


def test_task_is_404_for_outsiders_and_wrong_numbers(client, ana, cy, task):
    client.force_login(cy)
    assert client.get(url_of(task)).status_code == 404
    assert [client.post(url_of(task, verb), sent).status_code for verb, sent in CHANGES] == [404] * 4
    client.force_login(ana)
    assert client.get("/projects/TIDE/tasks/999/").status_code == 404
    assert client.post("/projects/TIDE/tasks/999/comment/", {"text": "Hello?"}).status_code == 404


@pytest.mark.parametrize(("verb", "sent"), CHANGES)
def test_viewer_reads_task_and_changes_nothing(ana_visits, ana, task, verb, sent):
    Membership.objects.filter(user=ana).update(role=Role.VIEWER)
    assert ana_visits.get(url_of(task)).status_code == 200
    assert ana_visits.post(url_of(task, verb), sent).status_code == 403
    assert Task.objects.get(pk=task.pk).version == task.version
    assert not task.comments.exists()


def test_viewer_reviews_no_run(ana_visits, board, ana):
    run = run_of(agent_in(board, "Scribe"), ana)
    Membership.objects.filter(user=ana).update(role=Role.VIEWER)
    for verb in ("cancel", "retry", "accept", "request-changes"):
        assert ana_visits.post(f"/runs/{run.pk}/{verb}/", {"text": "No."}).status_code == 403
    run.refresh_from_db()
    assert run.status == "queued"


# Nothing typed is lost


@pytest.mark.parametrize("words", ["", " \n "])
def test_comment_must_not_be_empty(ana_visits, task, words):
    answer = ana_visits.post(url_of(task, "comment"), {"text": words}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["message"]) == (422, "Write a few words first.")
    assert ana_visits.post(url_of(task, "comment"), {"text": words}).status_code == 422
    assert not task.comments.exists()


def test_comment_too_long_comes_back_for_shortening(ana_visits, task):
    html = ana_visits.post(url_of(task, "comment"), {"text": "long " * 10_001}).content.decode()
    assert "long long" in html.split("<textarea")[1]
    assert not task.comments.exists()


@pytest.mark.parametrize("words", ["", "a\x00b", "long " * 4_001])
def test_review_note_comes_back_when_invalid(ana_visits, board, ana, words):
    run = run_of(agent_in(board, "Scribe"), ana)
    Run.objects.update(status="succeeded", review="waiting")
    answer = ana_visits.post(f"/runs/{run.pk}/request-changes/", {"text": words})
    assert answer.status_code == 422
    assert words.strip("\x00")[:9] in answer.content.decode().split("<textarea")[1].replace("\ufffd", "\x00")
    assert Run.objects.get().review == "waiting"


def test_edit_with_blank_title_keeps_typed_description(ana_visits, task):
    sent = {"title": " ", "description": "Three coats.", "version": task.version}
    answer = ana_visits.post(url_of(task, "edit"), sent)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "A task needs a title." in html
    assert "Three coats." in html.split("<textarea")[1]
    assert 'name="priority"' not in html  # what was not sent is not asked for, and would be emptied
    ana_visits.post(url_of(task, "edit"), sent | {"title": "Paint the pier"})
    task.refresh_from_db()
    assert (task.title, task.description) == ("Paint the pier", "Three coats.")


def fields_of(html: str, form: int) -> dict[str, str]:
    """The hidden fields of one of the page's last forms: -2 keeps mine, -1 takes theirs."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html.split("<form")[form]))


@pytest.mark.req("I2")
@pytest.mark.parametrize(("choice", "title"), [(-2, "My pier"), (-1, "Ben's pier")])
def test_conflict_over_title_keeps_description(ana_visits, ben, task, choice, title):
    edit(task, by=ben, title="Ben's pier")
    sent = {"title": "My pier", "description": "Three coats.", "version": 1}
    answer = ana_visits.post(url_of(task, "edit"), sent)
    html = answer.content.decode()
    assert answer.status_code == 409
    assert 'value="My pier"' in html
    assert "Ben&#x27;s pier" in html
    mine = {"title": "My pier"} if choice == -2 else {}
    ana_visits.post(url_of(task, "edit"), fields_of(html, choice) | mine)
    task.refresh_from_db()
    assert (task.title, task.description) == (title, "Three coats.")


def test_conflict_over_labels_shows_their_names(ana_visits, board, ben, task):
    dock, paint = LabelFactory(project=board, name="Dock"), LabelFactory(project=board, name="Paint")
    edit(task, by=ben, labels=[dock])
    sent = {"has_labels": "1", "labels": [paint.pk], "version": 1}
    html = ana_visits.post(url_of(task, "edit"), sent).content.decode()
    assert "Dock" in html
    assert "Paint" in html
    ana_visits.post(url_of(task, "edit"), fields_of(html, -2))
    assert list(task.labels.all()) == [paint]
    ana_visits.post(url_of(task, "edit"), {"priority": "4"})
    assert list(task.labels.all()) == [paint]


def test_timeline_is_paged(ana_visits, task, ben):
    for number in range(60):
        comment(task, text=f"Comment {number}.", by=ben)
    html = ana_visits.get(f"{url_of(task)}?full").content.decode()
    assert "Comment 59." in html
    assert "Comment 9." not in html
    before = html.split("?before=")[1].split("&")[0]
    assert "Comment 9." in ana_visits.get(f"{url_of(task)}?full&before={before}").content.decode()


# Old events


ODD = [{}, [], "odd", 5, {"names": 1, "fields": ["gone"], "status": "gone", "link": 7, "reason": {}}]


@pytest.mark.req("FLT-27")
def test_page_shows_what_it_can_of_malformed_old_events(ana_visits, task, board):
    comment(task, text="Still readable.", by=board.memberships.first().user)
    kinds = [*timeline._entry_kinds, "comment.created"]
    for number, (kind, payload) in enumerate(product(kinds, ODD)):
        Event.objects.create(project=board, seq=1000 + number, kind=kind, task_id=task.pk, payload=payload)
    move = {"reason": 1, "columns": [task.column_id]}
    Event.objects.create(project=board, seq=2000, kind="task.moved", task_id=task.pk, payload=move)
    pages = [ana_visits.get(f"{url_of(task)}{query}") for query in ("", "?before=1050", "?before=1000")]
    assert [page.status_code for page in pages] == [200, 200, 200]
    assert "made a change that can no longer be described." in pages[0].text
    assert "Still readable." in pages[2].text


@pytest.mark.req("FLT-23")
def test_section_that_cannot_be_rendered_takes_no_other_along(ana_visits, task, monkeypatch):
    def fail(_task):
        raise ValueError("odd")

    monkeypatch.setitem(panel._sections, "subtasks", fail)
    answer = ana_visits.get(url_of(task))
    assert answer.status_code == 200
    assert "Two coats." in answer.content.decode()
    assert f'<div id="task-{task.pk}-subtasks">' in answer.content.decode()
    assert "This part of the task can't be shown" in answer.content.decode()
