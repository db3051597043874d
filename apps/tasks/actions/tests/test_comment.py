"""A comment that is sent again is posted once, and other words are never taken for it."""

from uuid import uuid4

import pytest

from apps.accounts.tests.programs import Program
from apps.chat.messages.actions.tests.test_post import at_once
from apps.projects.models import Event
from apps.tasks.actions.comment import AlreadyPosted, comment
from apps.tasks.models import Comment, Task
from apps.tasks.tests.factories import task_in

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-30")]
SCRIPT = {"Accept": "application/json"}


@pytest.fixture
def task(columns, ana) -> Task:
    return task_in(columns["ready"], "Paint the quay", by=ana)


@pytest.mark.django_db(transaction=True)
def test_comment_sent_several_times_at_once_is_posted_once(task, ana):
    mine = uuid4()
    done = at_once(5, lambda _i: comment(task, text="Two coats.", by=ana, client_comment_id=mine).pk)
    assert len(set(done)) == 1
    assert task.comments.count() == Event.objects.filter(kind="comment.created").count() == 1


def test_comment_id_is_its_authors_and_its_tasks(columns, task, ana, ben):
    mine, other = uuid4(), task_in(columns["ready"], "Mend the nets", by=ana)
    for where, by in ((task, ana), (task, ben), (other, ana)):
        comment(where, text="Two coats.", by=by, client_comment_id=mine)
    comment(task, text="Two coats.", by=ana)
    assert Comment.objects.count() == 4


def test_comment_refuses_other_words_under_the_same_id(task, ana):
    mine = uuid4()
    comment(task, text="Two coats.", by=ana, client_comment_id=mine)
    with pytest.raises(AlreadyPosted):
        comment(task, text="Three coats.", by=ana, client_comment_id=mine)
    assert task.comments.get().text == "Two coats."


def test_page_posts_a_comment_once_and_keeps_other_words(client, task, ana):
    client.force_login(ana)
    url = f"{task.get_absolute_url()}comment/"
    sent = {"text": "Two\r\ncoats.", "client_comment_id": str(uuid4())}
    for headers in ({}, {}, SCRIPT):
        assert client.post(url, sent, headers=headers).status_code in (200, 302)
    assert task.comments.get().text == "Two\ncoats."
    refused = client.post(url, sent | {"text": "Three coats."}, headers=SCRIPT)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_posted")
    page = client.post(url, sent | {"text": "Three coats."})
    assert page.status_code == 409
    assert "with other words than these" in page.content.decode()
    again = {name: page.context["form"][name].value() for name in ("text", "client_comment_id")}
    assert again["text"] == "Three coats."
    assert client.post(url, again).status_code == 302
    assert [each.text for each in task.comments.all()] == ["Two\ncoats.", "Three coats."]


def test_task_page_gives_a_comment_an_id(client, task, ana):
    client.force_login(ana)
    pages = [client.get(task.get_absolute_url()).context["client_comment_id"] for _ in range(2)]
    assert pages[0] != pages[1]


def test_api_posts_a_comment_once(task, ana):
    program, sent = Program(ana), {"text": "Two coats.", "client_comment_id": str(uuid4())}
    posted = [program.post(f"tasks/{task.pk}/comments/", sent).json()["id"] for _ in range(2)]
    assert posted == [task.comments.get().pk] * 2
    refused = program.post(f"tasks/{task.pk}/comments/", sent | {"text": "Three coats."})
    assert (refused.status_code, refused.json()["code"]) == (409, "already_posted")
    assert program.post(f"tasks/{task.pk}/comments/", sent | {"client_comment_id": "mine"}).status_code == 400
