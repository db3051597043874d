"""A long result: nothing of it is cut without a word, it stands in one place, and it is folded there."""

import pytest
from django.utils import timezone, translation

from apps.agents.gateways.openclaw_client import Entry
from apps.agents.models import Run
from apps.agents.runs import prompt
from apps.agents.runs.callbacks import reconcile, results, session_turns
from apps.agents.runs.callbacks.results import TEXT_LENGTH
from apps.agents.runs.callbacks.session_turns import Turn
from apps.agents.runs.pages import task_panel
from apps.agents.tests.factories import run_of
from apps.tasks.actions.comment import comment
from apps.tasks.markdown.render import LONGEST_RICH_TEXT
from apps.tasks.models import Comment
from apps.tasks.templatetags import long_text

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-19")]
WORD = "Tide "


@pytest.fixture
def run(scribe, ana, gateway) -> Run:
    return Run.objects.with_related().get(pk=run_of(scribe, ana).pk)


def report(run: Run, text: str, **facts) -> None:
    body = {"sessionKey": run.gateway_session_key, "teamboardRunId": str(run.pk), "status": "ok", "text": text, **facts}
    results.receive(run.gateway, str(run.pk), "run.finished", body)
    run.refresh_from_db(from_queryset=Run.objects.with_related())


@pytest.mark.parametrize(
    ("text", "facts", "is_truncated"),
    [
        ("Whole.", {}, False),
        ("Whole.", {"truncated": False}, False),
        ("Whole.", {"truncated": "yes"}, False),
        ("The beginning", {"truncated": True}, True),
        ("x" * TEXT_LENGTH, {}, False),
        ("x" * (TEXT_LENGTH + 1), {}, True),
    ],
)
def test_result_says_wherever_it_stands_whether_it_is_all(run, client, ana, text, facts, is_truncated):
    report(run, text, **facts)
    posted = Comment.objects.get()
    assert (run.is_result_truncated, posted.is_truncated) == (is_truncated, is_truncated)
    assert posted.text == text[:TEXT_LENGTH]
    client.force_login(ana)
    page = client.get(run.task.get_absolute_url()).content.decode()
    assert ("This is only the beginning" in page) == is_truncated
    assert ("Accept the cut result" in page) == is_truncated
    assert page.count("Only the beginning of the result has come.") == (2 if is_truncated else 0)
    answer = client.get(f"/api/v1/runs/{run.pk}/").json()
    assert answer["is_result_truncated"] == is_truncated
    [shown] = client.get(f"/api/v1/tasks/{run.task_id}/comments/").json()["results"]
    assert shown["is_truncated"] == is_truncated


@pytest.mark.parametrize("lines", [1, 40, 41, 500])
def test_result_stands_once_and_is_folded_after_forty_lines(run, client, ana, lines):
    report(run, "\n\n".join(["Quayside."] * (lines // 2 or 1)) + "\n\nLast" * (lines % 2 and lines > 1))
    text = Comment.objects.get().text
    client.force_login(ana)
    page = client.get(run.task.get_absolute_url()).content.decode()
    is_long = long_text.lines_of(text) > 40
    assert page.count(">Quayside.</p>") == text.count("Quayside.")
    assert ("entry__long" in page) == is_long
    assert f'href="#comment-{Comment.objects.get().pk}"' in page
    assert f'id="comment-{Comment.objects.get().pk}"' in page


def test_result_that_could_not_be_shown_stands_with_its_attempt(run, monkeypatch):
    report(run, "**Done.**")
    Comment.objects.all().delete()
    assert "<strong>Done.</strong>" in task_panel.render_runs(run.task)


@pytest.mark.parametrize(
    ("text", "kept", "is_truncated"),
    [("All.", "All.", False), ("The beginning\n...(truncated)...", "The beginning", True)],
)
def test_result_from_a_history_that_cuts_says_so(run, monkeypatch, text, kept, is_truncated):
    turn = Turn(is_there=True, answer=Entry("assistant", text, stop_reason="stop"), is_answered=True)
    monkeypatch.setattr(session_turns, "find_turn", lambda run: turn)
    Run.objects.update(deadline_at=timezone.now())
    reconcile.end_overdue_runs()
    run.refresh_from_db()
    assert (run.result, run.is_result_truncated) == (kept, is_truncated)


@pytest.mark.parametrize("size", [300_000, 49_000])
def test_fold_counts_wrapped_lines(size):
    assert long_text.is_long(WORD * (size // len(WORD)))
    assert len(long_text.beginning_of(WORD * (size // len(WORD)))) <= long_text.BEGINNING


def test_comment_of_a_person_is_folded_alike(run, client, ana):
    comment(run.task, text="Quayside.\n\n" * 30, by=ana)
    client.force_login(ana)
    page = client.get(run.task.get_absolute_url()).content.decode()
    assert "entry__long" in page
    assert "(60 lines)" in page


def test_prompt_says_what_it_leaves_out(run, ana):
    for number in range(prompt.COMMENTS + 1):
        comment(run.task, text="x" * 30_000, by=ana)
        text = prompt.prompt_for(run)
        left_out = min(number + 1, prompt.COMMENTS) - text.count("x" * 30_000)
        assert len(text.encode()) <= prompt.PROMPT_BYTES
        assert (prompt.LEFT_OUT.format(n=left_out) in text) is bool(left_out)
        assert (prompt.EARLIER_COMMENTS in text) is (number == prompt.COMMENTS)
    assert 0 < left_out < prompt.COMMENTS
    run.prompt = "y" * prompt.PROMPT_BYTES
    text = prompt.prompt_for(run)
    assert len(text.encode()) <= prompt.PROMPT_BYTES
    assert text.endswith(prompt.CUT)


def test_what_is_said_about_a_cut_is_said_in_the_readers_language(run):
    report(run, "The beginning", truncated=True)
    with translation.override("ru"):
        assert "Принять обрезанный результат" in task_panel.render_review(run.task)


@pytest.mark.req("FLT-18", "FLT-36")
def test_result_too_long_to_be_formatted_says_so_in_the_readers_language(run, client, ana):
    with translation.override("ru"):
        report(run, "- <b>a</b>\n" * (LONGEST_RICH_TEXT // 10))
    assert Comment.objects.get().html.startswith('<pre class="as-written" tabindex="0">- &lt;b&gt;')
    client.force_login(ana)
    for language, sentence in (("en", "too long to be formatted"), ("ru", "Этот текст слишком длинный")):
        page = client.get(run.task.get_absolute_url(), headers={"Accept-Language": language}).content.decode()
        assert page.count(sentence) == 1
