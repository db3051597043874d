"""What a task's history says about its runs, and the board in a room about agents."""

from collections.abc import Callable
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _

from apps.agents.models import Run, StopRequest
from apps.agents.runs import run_notes
from apps.tasks.detail.timeline import Sentence


def _queued(payload: dict[str, Any]) -> str:
    return _with_link(payload, _("asked {agent}, attempt {attempt}.").format(**payload))


def _closed(payload: dict[str, Any]) -> str:
    status = Run.Status(payload["status"])
    if status == Run.Status.SUCCEEDED:
        return _with_link(payload, _("submitted a result."))
    why = run_notes.why(payload.get("cause", ""), "")
    return _with_link(payload, _("ended the run: {status}. {why}").format(status=status.label, why=why).strip())


def _delayed(payload: dict[str, Any]) -> str:
    return _("could not hand it over. {why}").format(why=run_notes.why(payload.get("cause", ""), "")).strip()


def _reopened(payload: dict[str, Any]) -> str:
    if payload.get("ended_as") == Run.Status.FAILED:
        return _("finished after all.")
    return _("finished after its time was up.")


def _with_link(payload: dict[str, Any], sentence: str) -> str:
    """The sentence, with a link to the room for a run that answers a message there."""
    if "message" not in payload:
        return sentence
    return format_html('{} <a class="inklink" href="{}">{}</a>', sentence, payload["url"], _("Show in the room"))


SENTENCES: dict[str, tuple[str, Sentence]] = {
    "run.queued": ("hourglass", _queued),
    "run.started": ("play", lambda payload: _("started attempt {attempt}.").format(**payload)),
    "run.sent_again": ("rotate-ccw", lambda payload: _("sent it again: the gateway had not begun it.")),
    "run.closed": ("flag", _closed),
    "run.stopped": ("circle-stop", lambda payload: _("has seen attempt {attempt} stop.").format(**payload)),
    "run.stop_unconfirmed": (
        "circle-alert",
        lambda payload: _("does not know whether attempt {attempt} has stopped: {why}.").format(
            attempt=payload["attempt"], why=StopRequest.Reason(payload["reason"]).label
        ),
    ),
    "run.delayed": ("clock", _delayed),
    "run.marked_uncertain": (
        "circle-alert",
        lambda payload: _("lost the gateway’s answer: outcome unknown."),
    ),
    "run.interrupted": ("rotate-ccw", lambda payload: _("was interrupted by a restart of the gateway.")),
    "run.reopened": ("clock", _reopened),
    "run.accepted": ("check", lambda payload: _("accepted attempt {attempt}.").format(**payload)),
    "run.pull_request_linked": (
        "git-pull-request",
        lambda payload: _("saw pull request {number} in {name} come of {agent}’s work.").format(**payload),
    ),
    "run.merged": ("git-merge", lambda payload: _("merged pull request {number} in {name}.").format(**payload)),
    "run.changes_requested": ("undo-2", lambda payload: _("requested changes to attempt {attempt}.").format(**payload)),
}

IN_ROOM: dict[str, Callable[[dict[str, Any]], str]] = {
    "agents.paused": lambda facts: _("{name} paused all agents.").format(**facts),
    "agents.restored": lambda facts: _("Team Board was restored from a backup, so all agents are paused."),
    "agents.released": lambda facts: _("After the restore, all agents were resumed."),
    "agents.resumed": lambda facts: _("{name} resumed all agents.").format(**facts),
}
