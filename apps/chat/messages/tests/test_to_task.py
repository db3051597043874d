"""Going on about a message under a task: both sides lead to each other."""

import uuid

import pytest
from django.test import Client

from apps.chat.messages import to_task
from apps.chat.messages.actions.post import post_system_message
from apps.chat.models import Message
from apps.chat.tests.factories import message_in
from apps.tasks.models import Comment
from apps.tasks.tests.factories import task_in

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHT-8")]


@pytest.fixture
def task(columns):
    return task_in(columns["ready"], "Tide tables")


@pytest.fixture
def browser(ana):
    client = Client()
    client.force_login(ana)
    return client


def discuss(browser, message, **fields):
    known = {"task": "TIDE-1", "text": "Let us measure.", "client_message_id": str(uuid.uuid4())}
    return browser.post(f"/projects/TIDE/chat/messages/{message.pk}/discuss/", known | fields)


def test_discuss_comments_and_links_both_ways(room, ben, task, browser):
    message = message_in(room, ben, "The datum changed.\nBy 18 cm.")
    assert discuss(browser, message).status_code == 302
    comment = Comment.objects.get()
    assert comment.text.startswith("> The datum changed.\n> By 18 cm.")
    assert message.get_absolute_url() in comment.text
    assert comment.text.endswith("Let us measure.")
    answer = Message.objects.latest("pk")
    assert (answer.text, answer.reply_to, answer.task_references.get().task) == ("→ TIDE-1", message, task)


def test_discuss_again_adds_nothing(room, ana, task):
    message, client_message_id = message_in(room, ana), uuid.uuid4()
    for _ in range(2):
        to_task.discuss(message, task=task, text="Once.", client_message_id=client_message_id, by=ana)
    assert (Comment.objects.count(), Message.objects.count()) == (1, 2)


@pytest.mark.parametrize("key", ["TIDE-99", "OTHER-1", "x", "TIDE-", "TIDE-99999999999999"])
def test_discuss_refuses_an_unknown_task(room, ana, task, browser, key):
    assert discuss(browser, message_in(room, ana), task=key).status_code == 422
    assert not Comment.objects.exists()


def test_discuss_form_offers_the_named_task(room, ana, task, browser):
    message = message_in(room, ana, "See TIDE-1.")
    page = browser.get(f"/projects/TIDE/chat/messages/{message.pk}/discuss/").content.decode()
    assert 'value="TIDE-1"' in page


@pytest.mark.parametrize("verb", ["discuss", "task"])
def test_discuss_refuses_system_messages(room, browser, verb):
    told = post_system_message(room, "agents.paused", name="Ana")
    assert browser.get(f"/projects/TIDE/chat/messages/{told.pk}/{verb}/").status_code == 404
