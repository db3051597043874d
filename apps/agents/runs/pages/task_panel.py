"""An open task's runs as people see them: attempts, what was sent, what came, what to decide."""

import json
from collections import defaultdict
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agents.models import Run, RunPullRequest
from apps.agents.roster import failure_streaks
from apps.agents.runs import run_notes, states, stops
from apps.agents.runs.actions import pull_requests
from apps.projects.git.pages.check_status import Checks, checks_of
from apps.projects.git.repositories import pull_request_merge
from apps.projects.git.repositories.file_pages import file_page_in
from apps.projects.models import PullRequest
from apps.tasks import markdown, status_notes
from apps.tasks.board import cards
from apps.tasks.markdown.link_targets import FilePage
from apps.tasks.models import Task


def render_runs(task: Task) -> str:
    """The run section; an empty element when no agent ever had the task."""
    attempts = list(task.runs.select_related("agent__user", "requested_by", "stop_request").order_by("attempt"))
    last = attempts[-1] if attempts else None
    pull_requests_by_run = pull_requests_of(attempts) if any(run.branch for run in attempts) else {}
    file_page = file_page_in(task.project)
    context = {
        "task": task,
        "attempts": [attempt_context(run, pull_requests_by_run.get(run.pk, []), file_page) for run in attempts],
        "last": last,
        "who": last and cards.user_summary(last.agent.user),
        "state": last and state_of(last, task),
        "can_stop": last and last.status in states.OPEN,
        "alike": failure_streaks.failed_alike(last).filter(project=task.project_id).count()
        if last and last.failure
        else 0,
        "can_retry": last and last.status in states.RETRYABLE,
        "offers_fresh_session": last and stops.may_still_run(last),
    }
    return render_to_string("agents/runs/_runs.html", context)


def render_review(task: Task) -> str:
    """The buttons beside the comment field while a result waits for a person."""
    waiting = task.runs.filter(review=Run.Review.WAITING).order_by("-attempt").first()
    found = pull_requests.mergeable(waiting) if waiting and waiting.branch else None
    context = {
        "task": task,
        "run": waiting,
        "merge_needs": found and pull_request_merge.ACTIONS[found.repository.merging],
    }
    return render_to_string("agents/runs/_review.html", context)


def pull_requests_of(runs: list[Run]) -> dict[UUID, list[tuple[PullRequest, Checks]]]:
    """By run the pull requests that came of it with their checks, by two queries however many there are."""
    links = RunPullRequest.objects.filter(run__in=runs).select_related("pull_request__repository__project")
    checks = checks_of(link.pull_request for link in links)
    found: dict[UUID, list[tuple[PullRequest, Checks]]] = defaultdict(list)
    for link in links:
        found[link.run_id].append((link.pull_request, checks[link.pull_request_id]))
    return found


def state_of(run: Run, task: Task) -> tuple[str, str, str]:
    """What the head of the section says: a word, a sentence, and the original words behind it."""
    word = run_notes.word_of(run)
    if run.review == Run.Review.WAITING:
        word = _("The result waits for a person")
    elif run.review == Run.Review.ACCEPTED:
        word = _("Accepted")
    elif stop := stops.request_of(run):
        word = str(stop.get_state_display()).capitalize()
    if task.status_note and task.status_note.get("run") == str(run.pk):
        return word, status_notes.sentence_of(task.status_note), run_notes.details_of(task.status_note)
    return word, stops.sentence_of(run) or run_notes.why_ended(run), run.error


def attempt_context(run: Run, found: list[tuple[PullRequest, Checks]], file_page: FilePage) -> dict[str, Any]:
    """One attempt with its result as HTML, what was sent as people can read it, and the pull requests that came."""
    return {
        "run": run,
        "pull_requests": found,
        # It stands once: in the comment, or here when it could not be shown there.
        "result_html": markdown.to_html(run.result, file_page=file_page)
        if run.result and not run.result_comment_id
        else "",
        "sent_message": sent_message(run),
        "is_sent_message_gone": bool(run.ended_at and run.first_sent_at and not run.request_body),
        "stop": stops.request_of(run),
        "why": run_notes.why_ended(run),
        "usage": usage_text(run),
        "succeeded": run.status == Run.Status.SUCCEEDED,
    }


def sent_message(run: Run) -> str:
    """The message as it went out; empty before the first send."""
    return json.loads(bytes(run.request_body))["message"] if run.request_body else ""


def usage_text(run: Run) -> str:
    """Tokens and cost; what the gateway did not tell is unknown, never nothing."""
    if run.ended_at is None:
        return ""
    if run.tokens_in is None and run.tokens_out is None:
        tokens = _("tokens unknown")
    else:
        n = (run.tokens_in or 0) + (run.tokens_out or 0)
        tokens = ngettext("{n} token", "{n} tokens", n).format(n=n)
    return f"{tokens} · {cost_text(run)}"


def cost_text(run: Run) -> str:
    """Dollars and cents; what is less than a cent keeps its digits."""
    if run.cost is None:
        return _("cost unknown")
    return f"$ {run.cost:.4f}" if 0 < run.cost < 0.01 else f"$ {run.cost:.2f}"
