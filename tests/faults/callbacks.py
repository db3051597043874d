"""Callbacks: each of them five times at once, and ten kinds of forged ones."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
from django.utils import timezone

from apps.agents.models import Run
from apps.projects.models import Event
from bench import environment
from bench.practice import CALLBACKS, delivered, report_of, signature_of, signed, stamp_of
from tests.faults.outcomes import Outcome, toll_of
from tests.faults.running_board import PATIENCE, RunningBoard

COPIES = 5


def repeated(board: RunningBoard, full: bool) -> Outcome:
    """Each report is delivered five times at once: one result, one comment, one event."""
    runs = _silent_runs(board, 40 if full else 6)
    answers = []
    with ThreadPoolExecutor(COPIES) as pool, httpx.Client(base_url=board.product.url, timeout=30) as http:
        for run in runs:
            for request in map(signed, reports_of(run)):
                answers += pool.map(lambda _, request=request: http.post(CALLBACKS, **request), range(COPIES))
    refused = Counter(answer.text for answer in answers if not answer.is_success)
    toll = toll_of(board, runs)
    did = f"{len(runs) * 2} reports x {COPIES} at once"
    lost, also = toll.lost + refused.total(), "; ".join(refused)
    return Outcome("callbacks repeated", did, lost, toll.doubled, toll.seconds, PATIENCE, also)


def forged(board: RunningBoard, full: bool) -> Outcome:
    """Nothing of it is believed: the run stays open and the log stays as it was."""
    [run] = _silent_runs(board, 1)
    before = Event.objects.count()
    with httpx.Client(base_url=board.product.url, timeout=30) as http:
        answers = {kind: http.post(CALLBACKS, **request) for kind, request in forgeries(run)}
        of_a_stranger = http.post(CALLBACKS, **signed(reports_of(run)[1], secret=board.cast.strangers_secret()))
    believed = [kind for kind, answer in answers.items() if answer.status_code < 400]
    changed = Event.objects.count() - before + (not Run.objects.open().filter(pk=run.pk).exists())
    also = f"taken: {', '.join(believed)}" if believed else f"all 401; another gateway's: {of_a_stranger.text}"
    return Outcome("callbacks forged", f"{len(answers)} kinds", changed, len(believed), 0, PATIENCE, also)


def _silent_runs(board: RunningBoard, count: int) -> list[Run]:
    """Running, and their gateway will not report by itself."""
    runs = board.cast.dispatch(count, prompt="[[silent]] [[hang]]")
    mine = Run.objects.filter(pk__in=[run.pk for run in runs])
    board.settle(lambda: not mine.exclude(status=Run.Status.RUNNING).exists())
    return runs


def reports_of(run: Run) -> list[dict]:
    return [report_of(run, "run.started"), report_of(run, "run.finished", status="ok", text="Done.")]


def bearing(body: bytes, signature: str, stamp: str) -> dict:
    request = delivered(body, signature, stamp)
    request["headers"]["Authorization"] = f"Bearer {environment.CALLBACK_SECRET}"
    return request


def forgeries(run: Run) -> Iterator[tuple[str, dict]]:
    report = report_of(run, "run.finished", status="ok", text="Believe me.")
    body, stamp = json.dumps(report).encode(), stamp_of()
    good = signature_of(body, environment.CALLBACK_SECRET, stamp)
    changed = body.replace(b"Believe", b"Suspect")
    yield "unsigned", {"content": body, "headers": {"Content-Type": "application/json"}}
    yield "empty signature", delivered(body, "", stamp)
    yield "another secret", signed(report, secret="guessed" * 5)
    yield "the hook token as secret", signed(report, secret=environment.HOOK_TOKEN)
    yield "the gateway token as secret", signed(report, secret=environment.GATEWAY_TOKEN)
    yield "an hour old", signed(report, at=timezone.now().timestamp() - 3600)
    yield "an hour ahead", signed(report, at=timezone.now().timestamp() + 3600)
    yield "changed after signing", delivered(changed, good, stamp)
    yield "another time than was signed", delivered(body, good, stamp_of(timezone.now().timestamp() + 1))
    yield "the secret as bearer and a wrong signature", bearing(body, "sha256=00", stamp)
