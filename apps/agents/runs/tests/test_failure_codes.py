"""Codes and facts are stored; sentences are made when somebody reads them, in that reader's language."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext

from apps.agents.gateways import failures, openclaw_client
from apps.agents.gateways.gateway_identity import NotProved
from apps.agents.gateways.openclaw_client import Kind, Outcome
from apps.agents.mentions import message_footer
from apps.agents.models import Run
from apps.agents.runs import dispatch, lifecycle, run_notes, targets, wait_reasons
from apps.agents.runs.callbacks import results
from apps.agents.runs.pages import task_panel
from apps.agents.tests.factories import run_of
from apps.chat.messages import parse
from apps.chat.messages.actions import post
from apps.chat.tests.factories import message_in, room_of
from apps.errors import Conflict, Refused
from apps.projects import changes
from apps.projects.models import Event
from apps.tasks import status_notes
from apps.tasks.actions import comment, move
from apps.tasks.actions.assign import assign
from apps.tasks.actions.comment import AlreadyPosted
from apps.tasks.detail import timeline

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-18")]
ROOT = Path(settings.BASE_DIR)
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)  # noqa: RUF001
ORIGINAL = "hook agent run did not start"
DETAILS = re.compile(rf"<details[^>]*><summary>[^<]+</summary><code>[^<]*{ORIGINAL}</code></details>")


@pytest.fixture
def sending(scribe, ana) -> Run:
    run = run_of(scribe, ana)
    Run.objects.filter(pk=run.pk).update(status="sending", send_count=1, first_sent_at=timezone.now())
    return Run.objects.with_related().get(pk=run.pk)


@pytest.fixture
def room(board):
    return room_of(board)


def entries_of(run: Run) -> str:
    return "\n".join(entry.html for entry in timeline.entries(run.task)[0])


@pytest.mark.queue_off
@pytest.mark.parametrize("code", failures.SENTENCES)
def test_refusal_is_stored_by_code_and_read_in_each_language(sending, code):
    outcome = Outcome(Kind.REFUSED, code, ORIGINAL, status=503)
    dispatch.apply_outcome(dispatch.Claim(sending, was_sent=False, is_stale=False), outcome)
    sending.refresh_from_db()
    sending.task.refresh_from_db()
    assert (sending.status, sending.cause) == ("failed", code)
    assert ORIGINAL in sending.error
    for language, is_russian in (("en", False), ("ru", True)):
        with translation.override(language):
            sentence = failures.sentence_of(code)
            assert bool(CYRILLIC.search(sentence)) == is_russian
            assert run_notes.why_ended(sending) == sentence
            assert status_notes.sentence_of(sending.task.status_note) == sentence
            assert ORIGINAL not in entries_of(sending)
            html = task_panel.render_runs(sending.task)
            assert DETAILS.search(html)


@pytest.mark.queue_off
def test_delay_is_stored_by_code_and_read_in_each_language(sending):
    outcome = Outcome(Kind.RETRY, "gateway_restarting", ORIGINAL, status=503)
    dispatch.apply_outcome(dispatch.Claim(sending, was_sent=False, is_stale=False), outcome)
    told = Event.objects.count()
    wait_reasons.refresh(sending.agent)
    assert Event.objects.count() == told
    sending.refresh_from_db()
    sending.task.refresh_from_db()
    assert (sending.status, sending.cause, sending.error) == ("queued", "gateway_restarting", f"503: {ORIGINAL}")
    for language in ("en", "ru"):
        with translation.override(language):
            why = failures.sentence_of("gateway_restarting")
            assert why in status_notes.sentence_of(sending.task.status_note)
            assert why.replace("'", "&#x27;") in entries_of(sending)
            assert ORIGINAL not in entries_of(sending)


@pytest.mark.queue_off
@pytest.mark.parametrize("step", ["admit", "begin", "send_again"])
def test_reason_of_a_delay_is_forgotten_with_the_delay(sending, step):
    status = "uncertain" if step == "send_again" else "sending"
    Run.objects.filter(pk=sending.pk).update(status=status, error=ORIGINAL, cause="gateway_restarting")
    assert getattr(lifecycle, step)(Run.objects.with_related().get(pk=sending.pk))
    sending.refresh_from_db()
    assert (sending.error, sending.cause) == ("", "")


def test_reason_of_a_colleague_is_read_in_the_readers_language(sending, ben, ana):
    with translation.override("ru"):
        assign(sending.task, to=ben, by=ana)
    sending.refresh_from_db()
    assert (sending.cause, sending.error) == ("reassigned", "")
    with translation.override("en"):
        assert "The task was reassigned." in entries_of(sending)
        assert not CYRILLIC.search(entries_of(sending))
    with translation.override("ru"):
        assert "The task was reassigned." not in entries_of(sending)


@pytest.mark.parametrize("cause", ["", "gateway_stopped", "time_limit", *run_notes.ENDED_BY, *failures.SENTENCES])
def test_original_words_stand_behind_details_alone(sending, client, ana, cause):
    lifecycle.close(sending, Run.Status.FAILED, by=None, cause=cause, error=ORIGINAL)
    sending.refresh_from_db()
    sending.task.refresh_from_db()
    for language in ("en", "ru"):
        with translation.override(language):
            sentence = status_notes.sentence_of(sending.task.status_note)
            assert sentence
            assert ORIGINAL not in sentence + run_notes.why_ended(sending) + entries_of(sending)
            assert ORIGINAL not in DETAILS.sub("", task_panel.render_runs(sending.task))
            assert len(DETAILS.findall(task_panel.render_runs(sending.task))) == 2  # at the head and with its attempt
    client.force_login(ana)
    shown = client.get(f"/api/v1/runs/{sending.pk}/").json()
    assert (shown["cause"], shown["error"]) == (cause, ORIGINAL)
    assert ORIGINAL not in shown["waits_for"]


def test_original_words_of_an_answer_in_a_room_stand_behind_details(room, scribe, ana):
    message = message_in(room, ana, f"@{scribe.slug} what happened?")
    lifecycle.close(Run.objects.with_related().get(), Run.Status.FAILED, by=None, error=ORIGINAL)
    html = message_footer.render_footers([message])[message.pk]
    assert len(DETAILS.findall(html)) == 1
    assert ORIGINAL not in DETAILS.sub("", html)


@pytest.mark.queue_off
def test_original_words_of_a_paused_agent_stand_behind_details(scribe, ana, client):
    for number in range(3):
        lifecycle.close(run_of(scribe, ana, f"Task {number}"), Run.Status.FAILED, by=None, error=ORIGINAL)
    waiting = run_of(scribe, ana, "Another")
    scribe = type(scribe).objects.get(pk=scribe.pk)
    wait_reasons.refresh(scribe)
    waiting.task.refresh_from_db()
    assert waiting.task.status_note["code"] == "agent_failing"
    assert ORIGINAL not in status_notes.sentence_of(waiting.task.status_note)
    client.force_login(ana)
    for page in (task_panel.render_runs(waiting.task), agents_page(client, waiting)):
        assert DETAILS.search(page)
        assert ORIGINAL not in DETAILS.sub("", page)


def agents_page(client, run: Run) -> str:
    return client.get(f"/projects/{run.project.key}/agents/").content.decode()


@pytest.mark.parametrize("code", ["other_secret", "not_proved", "no_openclaw"])
def test_stranger_at_the_gateways_address_is_stored_by_code(code):
    with translation.override("ru"):
        outcome = openclaw_client._unanswered_outcome(NotProved(code))
    assert (outcome.code, outcome.original, outcome.sent) == (code, "", False)
    with translation.override("ru"):
        assert CYRILLIC.search(str(NotProved(code)))


SHOW_RESULTS = (comment, move, changes, post, parse)


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def refusals_of(module) -> set[type[Refused]]:
    """The refusals that the module raises."""
    tree = ast.parse(Path(module.__file__).read_text())
    names = {
        name_of(node.exc) for node in ast.walk(tree) if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
    }
    found = {getattr(module, name, None) for name in names}
    return {each for each in found if isinstance(each, type) and issubclass(each, Refused)}


# Of a move that names the column it was seen in, and of a comment with an id of its own: the board sends neither.
NEVER = {Conflict, AlreadyPosted}


@pytest.mark.parametrize("refusal", sorted({each for m in SHOW_RESULTS for each in refusals_of(m)} - NEVER, key=str))
def test_every_refusal_of_a_result_has_a_sentence(sending, monkeypatch, refusal):
    def refuse(*args, **kwargs):
        raise refusal("No.")

    monkeypatch.setattr(targets.TaskTarget, "show_result", refuse)
    results.succeed(sending, results.Result(text="Done."))
    sending.task.refresh_from_db()
    assert sending.task.status_note["code"] == "not_shown"
    for language in ("en", "ru"):
        with translation.override(language):
            sentence = status_notes.sentence_of(sending.task.status_note)
            assert str(run_notes.REFUSALS[refusal.code]) in sentence
            assert gettext("Team Board refused it.") not in sentence
            assert bool(CYRILLIC.search(sentence)) == (language == "ru")


@pytest.mark.parametrize("code", run_notes.ENDED_BY)
def test_every_own_cause_has_a_sentence_in_each_language(sending, ana, code):
    lifecycle.close(sending, Run.Status.FAILED, by=ana, cause=code)
    sending.refresh_from_db()
    with translation.override("ru"):
        assert CYRILLIC.search(run_notes.why_ended(sending))
    with translation.override("en"):
        assert not CYRILLIC.search(run_notes.why_ended(sending))


def test_codes_fit_their_column():
    longest = Run._meta.get_field("cause").max_length
    assert not [code for code in run_notes.SENTENCES if len(code) > longest]


STORES = {"record", "close", "requeue", "set_note", "build_note", "create", "update", "get_or_create"}
TRANSLATES = {"_", "gettext", "ngettext", "pgettext"}
# What is named once, in the language of whoever made it, and then belongs to people.
NAMES = {"apps/tasks/actions/create.py"}


def stored_sentences(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and name_of(node) in STORES and any(map(is_translated, node.keywords)):
            yield f"{path.relative_to(ROOT)}:{node.lineno}"


def is_translated(keyword: ast.keyword) -> bool:
    return any(isinstance(node, ast.Call) and name_of(node) in TRANSLATES for node in ast.walk(keyword.value))


def test_no_translated_sentence_is_stored():
    paths = [path for path in (ROOT / "apps").rglob("*.py") if not {"tests", "migrations"} & set(path.parts)]
    found = [place for path in paths if str(path.relative_to(ROOT)) not in NAMES for place in stored_sentences(path)]
    assert not found, "Store a code with its facts, and make the sentence where it is read."


@pytest.mark.parametrize(
    ("call", "is_found"), [("close(run, error=_('No.'))", True), ("close(run, cause='no')", False)]
)
def test_what_counts_as_stored(tmp_path, monkeypatch, call, is_found):
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    (tmp_path / "it.py").write_text(call)
    assert bool(list(stored_sentences(tmp_path / "it.py"))) == is_found
