"""What an agent does with a message: a short, honest piece of practice work, or what the markers in it say."""

from __future__ import annotations

import re
import secrets
import uuid
from dataclasses import dataclass, field

MODEL = "practice-1"
RUN_LINE = re.compile(r"\[teamboard-run:([0-9a-f-]{36})\][ \t]*(?:\n|$)")
MARKER = re.compile(r"\[\[(delay|late|fail|abort|hang|silent|say|turns|usage)(?::(.*?))?\]\]", re.DOTALL)
TITLE = re.compile(r"^\W*title\W*[:\n]\s*(.+)$", re.IGNORECASE | re.MULTILINE)
QUESTION = re.compile(r"^Asked by .*:\n(.+)$", re.MULTILINE)
EARLIER_MESSAGE = re.compile(r"^Message by ", re.MULTILINE)


@dataclass
class Run:
    agent: str
    key: str  # as it is stored
    message: str
    timeout: float
    is_mapped: bool = False
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    started_at: int = 0

    @property
    def teamboard_run_id(self) -> str | None:
        """Only our message's first line counts; further down it is somebody's text."""
        found = RUN_LINE.match(self.message)
        return found and found.group(1)

    def text_for_session(self) -> str:
        """The message with what OpenClaw puts around it."""
        if self.is_mapped:
            return f"[cron:{uuid.uuid4()} TeamBoard] {self.message}"
        mark = f'EXTERNAL_UNTRUSTED_CONTENT id="{secrets.token_hex(8)}"'
        return (
            "SECURITY NOTICE: The following content is from an EXTERNAL, UNTRUSTED source.\n\n"
            f"<<<{mark}>>>\nSource: Webhook\nTask: TeamBoard\n---\n{self.message}\n<<<END_{mark}>>>"
        )

    @property
    def is_in_room(self) -> bool:
        return ":room:" in self.key

    @property
    def markers(self) -> dict[str, str]:
        """In a room only those of the question: what was said before is not for us."""
        asked = self.message.rpartition("\nAsked by ")[2] if self.is_in_room else self.message
        return {name: text or "" for name, text in MARKER.findall(asked)}


def practice_task_answer(message: str, turn: int) -> str:
    """A short, honest piece of practice work on `message`."""
    text = RUN_LINE.sub("", message, count=1).strip()
    title = TITLE.search(text)
    name = (title.group(1) if title else text.partition("\n")[0]).strip(" *#\"'<>")[:120] or "your task"
    lines = [
        "**I am the practice agent.** I come with Team Board and am no language model, "
        "so I changed nothing; this shows how a result comes back.",
        "",
        f"You gave me “{name}”: {len(text.split())} words to read.",
    ]
    if turn > 1:
        note = QUESTION.search(text)
        said = f" You wrote: “{note.group(1).strip()[:200]}”." if note else ""
        lines += ["", f"This is turn {turn} of the same conversation.{said}"]
    lines += [
        "",
        "A real agent would now, for example:",
        "",
        f"1. Read what belongs to “{name}” and name what is unclear.",
        "2. Make the smallest change that does it, with a test.",
        "3. Report what changed, and what it did not touch.",
        "",
        "Accept this result, or send it back with a note and I will answer once more.",
    ]
    return "\n".join(lines)


def practice_room_answer(message: str, turn: int) -> str:
    """What the practice agent answers in a room: that it is one, the question, and how many messages it was given."""
    asked = QUESTION.search(message)
    words = asked.group(1).strip()[:200] if asked else "something"
    earlier = len(EARLIER_MESSAGE.findall(message))
    lines = [
        "**I am the practice agent**, no language model: I can only show how an answer comes back.",
        "",
        f"You asked: “{words}” Before that I was shown {earlier} message{'' if earlier == 1 else 's'} of this room.",
    ]
    if turn > 1:
        lines += ["", f"This is turn {turn} of our conversation here."]
    return "\n".join(lines)


def tokens_of(run: Run, text: str) -> dict[str, int]:
    """About four characters a token, unless the message says how many."""
    given, _, answered = run.markers.get("usage", "").partition(":")
    return {
        "input": int(given or len(run.message) // 4 + 1),
        "output": int(answered or (len(text) + 3) // 4),
    }
