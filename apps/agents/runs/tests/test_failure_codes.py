"""Codes and facts are stored; sentences are made when somebody reads them, in that reader's language."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone, translation

from apps.agents.gateways import failures
from apps.agents.gateways.openclaw_client import Kind, Outcome
from apps.agents.models import Run
from apps.agents.runs import dispatch, lifecycle, run_notes, wait_reasons
from apps.agents.runs.pages import task_panel
from apps.agents.tests.factories import run_of
from apps.projects.models import Event
from apps.tasks import status_notes
from apps.tasks.actions.assign import assign
from apps.tasks.detail import timeline

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-18")]
ROOT = Path(settings.BASE_DIR)
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)  # noqa: RUF001
ORIGINAL = "hook agent run did not start"


@pytest.fixture
def sending(scribe, ana) -> Run:
    run = run_of(scribe, ana)
    Run.objects.filter(pk=run.pk).update(status="sending", send_count=1, first_sent_at=timezone.now())
    return Run.objects.with_related().get(pk=run.pk)


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
            assert re.search(rf"<details[^>]*><summary>[^<]+</summary><code>[^<]*{ORIGINAL}</code>", html)


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
        assert "Given to somebody else." in entries_of(sending)
        assert not CYRILLIC.search(entries_of(sending))
    with translation.override("ru"):
        assert "Given to somebody else." not in entries_of(sending)


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


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


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
