"""The foot of a card: why it waits, in one true sentence.

A note is data, so that each reader gets it in their own language. The app that writes a note
also registers its sentence; tasks only draw it. Its shape, as kept in `Task.status_note`:

    {"state": "queued", "code": "agent_full", "facts": {"agent": "Scribe", "busy": 2, "slots": 2, "place": 3},
     "user": 7, "since": "2026-11-22T10:42:00+00:00", "run": "<uuid>"}
"""

import json
import logging
from collections.abc import Callable
from typing import Any, NotRequired, TypedDict

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from apps import names

log = logging.getLogger(__name__)


class State(TextChoices):
    """The label is the state's word on the card; queued cards speak for themselves."""

    QUEUED = "queued", ""
    WORKING = "working", _("Working")
    YOU = "you", _("Needs you")
    DONE = "done", _("Result waits")
    STOPPED = "stopped", _("Stopped")
    FAILED = "failed", _("Failed")


class Note(TypedDict):
    state: str
    code: str
    facts: dict[str, Any]
    user: NotRequired[int]
    since: NotRequired[str]
    run: NotRequired[str]
    counts: NotRequired[bool]  # whether the seconds since then stand behind the sentence


Sentence = Callable[[dict[str, Any]], str]
_sentences: dict[str, Sentence] = {}


def register_status_note(code: str, sentence: Sentence) -> None:
    """Have notes with `code` read as `sentence(facts)`, in the language that is active then."""
    _sentences[code] = sentence


def parse(text: str) -> Note:
    note: Note = json.loads(text)
    return note


def sentence_of(note: Note) -> str:
    """The note's sentence; facts may hold words of agents, so templates escape it as ever."""
    try:
        return _sentences[note["code"]](names.isolated(note["facts"])) if note["code"] in _sentences else ""
    except Exception:  # one old note that cannot be read does not take its board along
        log.exception("A status note has no sentence", extra={"note": str(note)[:500]})
        return ""


def for_template(note: Note) -> dict[str, Any]:
    return {**note, "sentence": sentence_of(note), "label": State(note["state"]).label}
