"""An answer without text, or that is not all: a code and a flag are stored, each reader reads their own sentence."""

import re
from html import unescape
from uuid import uuid4

import pytest
from django.utils import translation

from apps.agents.models import Run
from apps.agents.runs import prompt
from apps.agents.runs.callbacks import results
from apps.agents.tests.factories import run_of
from apps.chat.messages import render
from apps.chat.messages.actions.edit import edit
from apps.chat.messages.actions.post import post
from apps.chat.messages.to_task import make_task
from apps.chat.models import Message
from apps.chat.rooms import export
from apps.chat.tests.factories import message_in, room_of
from apps.tasks.actions.comment import CommentEmpty, comment
from apps.tasks.detail import timeline
from apps.tasks.models import Comment

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-18")]
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)  # noqa: RUF001
SAID = {
    "en": {
        "no_answer": "The agent finished without a word.",
        "ended_by_tool": "A tool ended the agent's turn: there is no answer.",
        "rest": "The rest was left out.",
    },
    "ru": {
        "no_answer": "Агент закончил, ничего не сказав.",
        "ended_by_tool": "Ход агента завершил инструмент: ответа нет.",
        "rest": "Остальное опущено.",
    },
}


@pytest.fixture
def room(board):
    return room_of(board)


REPORTS = [
    ({"status": "ok", "text": ""}, "no_answer", False),
    ({"status": "ok", "text": " \u200b\n"}, "no_answer", False),
    ({"status": "ok", "text": "", "attempts": 1, "stopReason": "toolUse"}, "ended_by_tool", False),
    ({"status": "ok", "text": "The beginning", "truncated": True}, "", True),
    ({"status": "ok", "text": "word " * 20_000}, "", True),
]


def finish(run: Run, **fields) -> None:
    body = {"sessionKey": run.gateway_session_key, "teamboardRunId": str(run.pk), **fields}
    with translation.override("ru"):
        results.receive(run.gateway, str(run.pk), "run.finished", body)


@pytest.mark.parametrize(("fields", "reason", "is_truncated"), REPORTS)
def test_answer_in_a_room_says_in_each_language_that_it_is_not_all(
    room, scribe, ana, client, fields, reason, is_truncated
):
    message_in(room, ana, f"@{scribe.slug} what happened?")
    finish(Run.objects.with_related().get(), **fields)
    answer = Message.objects.get(author=scribe.user)
    assert (answer.empty_reason, answer.is_truncated) == (reason, is_truncated)
    assert answer.text == ("" if reason else fields["text"][:50_000])
    reply = post(room, text="So?", by=ana, client_message_id=uuid4(), reply_to=answer)
    client.force_login(ana)
    for language, said in SAID.items():
        found = render.with_related(Message.objects.filter(pk__in=[answer.pk, reply.pk]))
        with translation.override(language):
            drawn = render.render_messages(found)
            assert (said["rest"] in unescape(drawn[answer.pk])) == is_truncated
            if reason:
                assert said[reason] in unescape(drawn[answer.pk])
                assert said[reason] in unescape(drawn[reply.pk])
            exported = "".join(export.KINDS["md"][1](room))
            assert (said["rest"] in exported) == is_truncated
            assert said.get(reason, "") in exported
        headers = {"accept-language": language}
        listed = client.get(f"/api/v1/rooms/{room.pk}/messages/", headers=headers).json()["messages"]
        [shown] = [each for each in listed if each["id"] == answer.pk]
        assert (shown["text"], shown["empty_reason"], shown["is_truncated"]) == (answer.text, reason, is_truncated)
        assert shown["notice"] == said.get(reason, "")
    with translation.override("ru"):
        made = make_task(answer, title="Ask again", client_message_id=uuid4(), by=ana)
    assert not CYRILLIC.search(made.description)


@pytest.mark.parametrize(("fields", "reason", "_is_truncated"), REPORTS[:3])
def test_answer_without_text_under_a_task_is_read_in_each_language(
    scribe, ana, client, gateway, fields, reason, _is_truncated
):
    run = Run.objects.with_related().get(pk=run_of(scribe, ana).pk)
    finish(run, **fields)
    posted = Comment.objects.get()
    assert (posted.text, posted.html, posted.empty_reason) == ("", "", reason)
    client.force_login(ana)
    for language, said in SAID.items():
        with translation.override(language):
            assert said[reason] in unescape("".join(entry.html for entry in timeline.entries(run.task)[0]))
        [shown] = client.get(f"/api/v1/tasks/{run.task_id}/comments/", headers={"accept-language": language}).json()[
            "results"
        ]
        assert (shown["text"], shown["empty_reason"], shown["notice"]) == ("", reason, said[reason])
    assert prompt.NO_TEXT in prompt.prompt_for(run)
    with pytest.raises(CommentEmpty):
        comment(run.task, text=" ", by=ana)


def test_edited_answer_is_its_authors_whole_word(room, scribe, ana):
    message_in(room, ana, f"@{scribe.slug} what happened?")
    finish(Run.objects.with_related().get(), status="ok", text="")
    answer = edit(Message.objects.get(author=scribe.user), text="A quiet day.", by=scribe.user)
    answer.refresh_from_db()
    assert (answer.text, answer.empty_reason) == ("A quiet day.", "")
