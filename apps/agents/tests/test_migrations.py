"""Rows that hold our own sentences, in English or in Russian, get their codes, and can be taken back."""

from importlib import import_module
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import connection

from apps.agents.models import Run
from apps.agents.tests.factories import run_of
from apps.chat.models import Message
from apps.chat.tests.factories import room_of
from apps.projects import events
from apps.projects.models import Event, Project
from apps.tasks import markdown
from apps.tasks.models import Comment, Task

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-18"), pytest.mark.queue_off]
EDITOR = SimpleNamespace(connection=connection)
comments = import_module("apps.tasks.migrations.0012_empty_comments")
messages = import_module("apps.chat.migrations.0025_empty_and_cut_messages")
causes = import_module("apps.agents.migrations.0032_causes_as_codes")
ANSWERS = [(code, sentence) for code, sentences in comments.SENTENCES.items() for sentence in sentences]


@pytest.mark.parametrize(("code", "sentence"), ANSWERS)
def test_migration_gives_comments_without_words_their_code(scribe, ana, code, sentence):
    task = run_of(scribe, ana).task
    html = markdown.to_html(sentence)
    for author in (scribe.user, ana):
        Comment.objects.create(task=task, author=author, text=sentence, html=html)
    comments.forwards(None, EDITOR)
    by_agent, by_person = Comment.objects.order_by("pk")
    assert (by_agent.text, by_agent.html, by_agent.empty_reason) == ("", "", code)
    assert (by_person.text, by_person.empty_reason) == (sentence, "")
    comments.backwards(None, EDITOR)
    by_agent.refresh_from_db()
    assert (by_agent.text, by_agent.empty_reason) == (comments.SENTENCES[code][0], "")


def say(scribe, text: str) -> Message:
    room = room_of(scribe.user.projects.get())
    about = {"author": scribe.user, "client_message_id": uuid4()}
    return Message.objects.create(room=room, text=text, html=markdown.to_html(text), **about)


@pytest.mark.parametrize(("code", "sentence"), ANSWERS)
def test_migration_gives_messages_without_words_their_code(scribe, code, sentence):
    message = say(scribe, sentence)
    messages.forwards(None, EDITOR)
    message.refresh_from_db()
    assert (message.text, message.html, message.empty_reason) == ("", "", code)
    messages.backwards(None, EDITOR)
    message.refresh_from_db()
    assert (message.text, message.empty_reason) == (messages.SENTENCES[code][0], "")


@pytest.mark.parametrize("rest", messages.REST)
@pytest.mark.parametrize(("text", "is_known"), [("**Half** an ans", True), ("```\nhalf a prog", False)])
def test_migration_takes_our_words_off_a_cut_message(scribe, rest, text, is_known):
    message = say(scribe, f"{text}\n\n*{rest}*")
    messages.forwards(None, EDITOR)
    message.refresh_from_db()
    assert (message.is_truncated, message.text) == (is_known, text if is_known else f"{text}\n\n*{rest}*")
    assert (rest not in message.html) == is_known
    messages.backwards(None, EDITOR)
    message.refresh_from_db()
    assert (message.is_truncated, message.text) == (False, f"{text}\n\n*{messages.REST[0] if is_known else rest}*")


@pytest.mark.parametrize(
    ("code", "sentence"), [(code, each) for code, sentences in causes.SENTENCES.items() for each in sentences]
)
def test_migration_gives_ended_runs_their_cause(scribe, ana, code, sentence):
    run = run_of(scribe, ana)
    note = {"state": "stopped", "code": "stopped", "facts": {"agent": "Scribe", "error": sentence}, "run": str(run.pk)}
    Run.objects.update(status="cancelled", error=sentence)
    Task.objects.update(status_note=note)
    for error in (sentence, "Its own words"):
        project = Project.objects.locked(run.project_id)
        about = {"task": run.task_id, "run": str(run.pk), "status": "cancelled", "error": error}
        events.record(project, "run.closed", by=ana, **about)
    causes.forwards(None, EDITOR)
    run.refresh_from_db()
    assert (run.cause, run.error) == (code, "")
    kept = Task.objects.get().status_note
    assert (kept["code"], kept["facts"]) == (code, {"agent": "Scribe", "error": ""})
    ours, others = Event.objects.filter(kind="run.closed").order_by("seq").values_list("payload", flat=True)
    assert (ours["cause"], ours["error"]) == (code, "")
    assert others["error"] == "Its own words"
    causes.backwards(None, EDITOR)
    run.refresh_from_db()
    assert (run.cause, run.error) == ("", causes.SENTENCES[code][0])
    assert Task.objects.get().status_note["facts"]["error"] == causes.SENTENCES[code][0]
