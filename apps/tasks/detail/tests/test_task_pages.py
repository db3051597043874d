"""The task's pages: what they cost, who may enter, and that nothing typed is lost."""

import re

import pytest

from apps.agents.models import Run
from apps.agents.tests.factories import agent_in, run_of
from apps.projects.models import Membership, Role
from apps.tasks.actions.comment import comment
from apps.tasks.actions.edit import edit
from apps.tasks.models import Task
from apps.tasks.tests.factories import LabelFactory, task_in

pytestmark = pytest.mark.django_db
CHANGES = [
    ("edit", {"title": "Mine now"}),
    ("comment", {"words": "Hello."}),
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
@pytest.mark.parametrize(("query", "allowed"), [("?full", 15), ("", 21)])
def test_the_queries_do_not_grow_with_what_the_task_has(
    ana_visits, board, columns, ana, ben, count, query, allowed, django_assert_num_queries
):
    scribe = agent_in(board, "Scribe")
    run = run_of(scribe, ana)
    for number in range(1, count):
        run.pk, run.attempt, run.status = None, number + 1, "failed"
        run.save(force_insert=True)
    for number in range(count):
        task_in(columns["ready"], f"Part {number}", parent=run.task, assignee=ben, by=ana)
        comment(run.task, words=f"Comment {number}.", by=ben)
    with django_assert_num_queries(allowed):
        html = ana_visits.get(url_of(run.task) + query).content.decode()
    assert html.count('class="entry__text"') == html.count('class="attempt"') == count


def test_the_drawer_alone_comes_without_its_board(ana_visits, task):
    html = ana_visits.get(url_of(task), headers={"X-Fragment": "drawer"}).content.decode()
    assert html.lstrip().startswith("<aside")
    assert "<main" not in html


# Who may enter


def test_outsiders_and_wrong_numbers_find_nothing(client, ana, cy, task):
    client.force_login(cy)
    assert client.get(url_of(task)).status_code == 404
    assert [client.post(url_of(task, verb), sent).status_code for verb, sent in CHANGES] == [404] * 4
    client.force_login(ana)
    assert client.get("/projects/TIDE/tasks/999/").status_code == 404
    assert client.post("/projects/TIDE/tasks/999/comment/", {"words": "Hello?"}).status_code == 404


@pytest.mark.parametrize(("verb", "sent"), CHANGES)
def test_a_viewer_may_look_and_change_nothing(ana_visits, ana, task, verb, sent):
    Membership.objects.filter(user=ana).update(role=Role.VIEWER)
    assert ana_visits.get(url_of(task)).status_code == 200
    assert ana_visits.post(url_of(task, verb), sent).status_code == 403
    assert Task.objects.get(pk=task.pk).version == task.version
    assert not task.comments.exists()


def test_a_viewer_decides_nothing_about_a_run(ana_visits, board, ana):
    run = run_of(agent_in(board, "Scribe"), ana)
    Membership.objects.filter(user=ana).update(role=Role.VIEWER)
    for verb in ("cancel", "retry", "accept", "send-back"):
        assert ana_visits.post(f"/runs/{run.pk}/{verb}/", {"words": "No."}).status_code == 403
    run.refresh_from_db()
    assert run.status == "queued"


# Nothing typed is lost


@pytest.mark.parametrize("words", ["", " \n "])
def test_an_empty_comment_is_asked_for_words(ana_visits, task, words):
    answer = ana_visits.post(url_of(task, "comment"), {"words": words}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["message"]) == (422, "Write a few words first.")
    assert ana_visits.post(url_of(task, "comment"), {"words": words}).status_code == 422
    assert not task.comments.exists()


def test_a_comment_that_is_too_long_comes_back_to_be_shortened(ana_visits, task):
    html = ana_visits.post(url_of(task, "comment"), {"words": "long " * 10_001}).content.decode()
    assert "long long" in html.split("<textarea")[1]
    assert not task.comments.exists()


@pytest.mark.parametrize("words", ["", "a\x00b", "long " * 4_001])
def test_what_is_missing_comes_back_when_it_does_not_fit(ana_visits, board, ana, words):
    run = run_of(agent_in(board, "Scribe"), ana)
    Run.objects.update(status="succeeded", review="waiting")
    answer = ana_visits.post(f"/runs/{run.pk}/send-back/", {"words": words})
    assert answer.status_code == 422
    assert words.strip("\x00")[:9] in answer.content.decode().split("<textarea")[1].replace("\ufffd", "\x00")
    assert Run.objects.get().review == "waiting"


def test_a_task_keeps_its_title_and_the_description_is_not_lost(ana_visits, task):
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
def test_a_conflict_over_the_title_keeps_the_description(ana_visits, ben, task, choice, title):
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


def test_a_conflict_over_labels_shows_their_names(ana_visits, board, ben, task):
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


def test_the_history_is_read_page_by_page(ana_visits, task, ben):
    for number in range(60):
        comment(task, words=f"Comment {number}.", by=ben)
    html = ana_visits.get(f"{url_of(task)}?full").content.decode()
    assert "Comment 59." in html
    assert "Comment 9." not in html
    before = html.split("?before=")[1].split("&")[0]
    assert "Comment 9." in ana_visits.get(f"{url_of(task)}?full&before={before}").content.decode()
