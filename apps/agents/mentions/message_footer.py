"""The lines under a message that mentions agents: how each stands with its answer, or why it gives none."""

from typing import NamedTuple, cast

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from apps.agents.models import Agent, MentionRefusal, Run
from apps.agents.runs import run_notes, states, stops
from apps.chat.messages import parse
from apps.chat.models import Message
from apps.tasks import status_notes
from apps.tasks.board import cards


class FooterLine(NamedTuple):
    """What is said under a message of one agent; `run` is None where nothing was started."""

    who: cards.UserSummary
    word: str
    sentence: str
    run: Run | None = None
    answer: Message | None = None

    @property
    def since(self) -> str:
        """Since when it is worked at; how long something waits says its sentence."""
        if self.run is None or self.run.status != Run.Status.RUNNING or self.run.started_at is None:
            return ""
        return self.run.started_at.isoformat()

    @property
    def counts_since(self) -> str:
        """Since when, where the seconds since then stand behind the sentence."""
        note = (self.run and self.run.status_note) or {}
        return note["since"] if note.get("counts") else ""

    @property
    def details(self) -> str:
        """The original words behind the sentence."""
        if self.run is None or self.answer:
            return ""
        return run_notes.details_of(self.run.status_note) if self.run.status_note else self.run.error

    @property
    def can_stop(self) -> bool:
        return self.run is not None and self.run.status in states.OPEN

    @property
    def offers_fresh_session(self) -> bool:
        return self.can_retry and stops.may_still_run(cast(Run, self.run))

    @property
    def can_retry(self) -> bool:
        return self.run is not None and self.run.status in states.RETRYABLE


def render_footers(messages: list[Message]) -> dict[int, str]:
    """The lines' HTML by message, for the language that is active; blind to who looks.

    Only a message that mentions somebody, or did before it was edited, can have asked an agent.
    """
    messages = [message for message in messages if message.edited_at or parse.mentioned_ids(message.html)]
    if not messages:
        return {}
    found: dict[int, list[FooterLine]] = {}
    for run in _latest_runs(messages):
        found.setdefault(cast(int, run.message_id), []).append(_line_of_run(run))
    for refusal in MentionRefusal.objects.filter(message__in=messages).select_related("agent__user").order_by("pk"):
        line = FooterLine(_who(refusal.agent), "", refusal.get_reason_display())
        found.setdefault(refusal.message_id, []).append(line)
    return {pk: render_to_string("agents/mentions/_footer.html", {"lines": lines}) for pk, lines in found.items()}


def _latest_runs(messages: list[Message]) -> list[Run]:
    """The last attempt of each agent that was asked, with the message it answered with."""
    latest = (
        Run.objects.filter(message__in=messages)
        .order_by("message_id", "agent_id", "-attempt")
        .distinct("message_id", "agent_id")
    )
    runs = list(latest.select_related("agent__user", "stop_request").defer("request_body", "result"))
    answers = Message.objects.not_deleted().filter(client_message_id__in=[run.pk for run in runs])
    by_run = {answer.client_message_id: answer for answer in answers.select_related("room__project")}
    for run in runs:
        run.answer = by_run.get(run.pk)
    return runs


def _line_of_run(run: Run) -> FooterLine:
    word = "" if run.answer else stops.word_of(run) or run_notes.word_of(run)
    why = run_notes.why_ended(run) or _("The run was stopped.")
    sentence = status_notes.sentence_of(run.status_note) if run.status_note else why
    return FooterLine(_who(run.agent), word, sentence, run, run.answer)


def _who(agent: Agent) -> cards.UserSummary:
    return cards.user_summary(agent.user)
