"""The status note of a run, shown on its card or under its message, and the sentence of each code."""

from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import time_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agents.gateways import failures as gateway_failures
from apps.agents.models import Agent, FailureStreak, Run, StopRequest
from apps.agents.runs import scheduler, targets
from apps.tasks import status_notes

State = status_notes.State
COUNTED = ("handed_over",)  # these say how long it is so already


def build_note(run: Run, state: str, code: str, **facts: Any) -> status_notes.Note:
    return status_notes.Note(
        state=state,
        code=code,
        facts={"agent": run.agent.name, "attempt": run.attempt, **facts},
        user=run.agent.user_id,
        since=timezone.now().isoformat(timespec="seconds"),
        run=str(run.pk),
        counts=code in COUNTED,
    )


def build_wait_note(run: Run, reason: scheduler.Reason | None) -> status_notes.Note:
    """Why a queued run waits, by the scheduler's own decision; None: it is about to start."""
    code, facts = reason or ("starting", {})
    return build_note(run, State.QUEUED, code, **facts)


def set_note(run: Run, state: str, code: str, **facts: Any) -> None:
    """Show it where the run's target is; whoever calls records the event that shows it."""
    targets.target_of(run).set_note(run, build_note(run, state, code, **facts))


def is_shown(run: Run, note: status_notes.Note) -> bool:
    """Whether that is what the run's target shows already; since when does not count."""
    shown = targets.target_of(run).current_note(run)
    return shown is not None and all(shown.get(part) == note.get(part) for part in ("code", "facts", "run"))


def clear_note(run: Run) -> None:
    targets.target_of(run).set_note(run, None)


def _position(facts: dict[str, Any]) -> str:
    if facts["place"] == 1:
        return _("This is next in line.")
    return _("This is number {place} in line.").format(**facts)


def _full(facts: dict[str, Any]) -> str:
    return " ".join([_("{agent} is at {busy} of {slots}.").format(**facts), _position(facts)])


def _paused(facts: dict[str, Any]) -> str:
    if facts.get("restored"):
        return _("Team Board was restored from a backup. A maintainer must resume the agents.")
    if not facts["by"]:
        return _("All agents of this project are paused.")
    return _("All agents of this project are paused by {by}.").format(**facts)


def _working(facts: dict[str, Any]) -> str:
    if facts["attempt"] == 1:
        return _("{agent} is working.").format(**facts)
    return _("{agent} is working, attempt {attempt}.").format(**facts)


RETRY_REASONS = {
    "server_error": gettext_lazy("the model's provider has an error"),
    "overloaded": gettext_lazy("the model's provider is overloaded"),
    "rate_limit": gettext_lazy("the model's provider takes no more calls for now"),
    "timeout": gettext_lazy("the model does not answer"),
    "auth": gettext_lazy("the model's provider refuses the key"),
    "billing": gettext_lazy("the model's provider asks for payment"),
}


def _retrying(facts: dict[str, Any]) -> str:
    """What keeps the model from answering, by the gateway's own code; a code that is new to us says nothing."""
    reason = RETRY_REASONS.get(facts["reason"], _("the model's call failed"))
    if facts["of"]:
        return _("{agent} tries again, {number} of {of}: {reason}.").format(**(facts | {"reason": reason}))
    return _("{agent} tries again: {reason}.").format(agent=facts["agent"], reason=reason)


def _held_up(facts: dict[str, Any]) -> str:
    if facts.get("behind_stop"):
        return _("The stopped attempt may still be running at the gateway: this one starts after it.")
    return _("{agent} answers another message of this room first.").format(**facts)


def _stopped(facts: dict[str, Any]) -> str:
    if facts.get("by"):
        return _("{by} stopped {agent}.").format(**facts)
    return _("{agent} was stopped.").format(**facts)


def _stop_unconfirmed(facts: dict[str, Any]) -> str:
    why = StopRequest.Reason(facts["reason"]).label
    return _("Stopped here; the agent may still be running ({why}).").format(why=why)


# What may be said to a result by the actions that show it.
REFUSALS = {
    "archived": gettext_lazy("The room is archived."),
    "too_large": gettext_lazy("It is too long."),
    "too_many_mentions": gettext_lazy("It mentions too many people."),
    "invalid": gettext_lazy("It has nothing that can be seen."),
    "gone": gettext_lazy("What was asked is not there any more."),
}


def _not_shown(facts: dict[str, Any]) -> str:
    """Why the board could not show a result, by the code of its own refusal."""
    why = REFUSALS.get(facts.get("refusal", ""), _("Team Board refused it."))
    return _("{agent} has finished, but the result can't be shown: {why}").format(agent=facts["agent"], why=why)


def _clock(iso: str) -> str:
    return time_format(timezone.localtime(parse_datetime(iso)))


def word_of(run: Run) -> str:
    """The word for how `run` stands: that of its status, but for one that is handed over and has not begun."""
    if run.status == Run.Status.RUNNING and run.started_at is None:
        return _("Handed over")
    return str(run.get_status_display()).capitalize()


def details_of(note: status_notes.Note) -> str:
    """The original words behind a note's sentence, of the gateway or an agent: no sentence holds them."""
    return str(note["facts"].get("error", ""))


def why_ended(run: Run) -> str:
    """Why `run` came to no result, as a sentence; empty where nothing is known."""
    return why(run.cause, run.error)


def why(cause: str, error: str) -> str:
    """The sentence of a `cause`; where there is none, what an `error` in somebody else's words comes to."""
    if cause in SENTENCES:
        return SENTENCES[cause]({})
    return _("The run ended with an error.") if error else ""


def why_failing(agent: Agent, streak: FailureStreak) -> str:
    """Why an agent is paused, as a sentence."""
    return _failing({"agent": agent.name, "count": streak.count, "cause": streak.cause, "error": streak.error})


def _failing(facts: dict[str, Any]) -> str:
    reason = why(facts["cause"], facts["error"]) or _("No reason was given.")
    return _("{agent} failed {count} times in a row and is tried once a minute: {why}").format(**facts, why=reason)


# Why a run was ended by what happened around it, without words of anybody else.
ENDED_BY = {
    "message_deleted": gettext_lazy("The message was deleted."),
    "agent_left": gettext_lazy("The agent has left the project."),
    "room_archived": gettext_lazy("The room was archived."),
    "gateway_off": gettext_lazy("The gateway was switched off."),
    "reassigned": gettext_lazy("The task was reassigned."),
    "unassigned": gettext_lazy("The task was unassigned."),
    "tried_again": gettext_lazy("Outcome unknown; the run was retried."),
    "no_reason": gettext_lazy("The agent's run failed without a reason."),
}


def _fixed(sentence: Promise) -> status_notes.Sentence:
    return lambda _facts: str(sentence)


SENTENCES: dict[str, status_notes.Sentence] = {
    "starting": lambda facts: _("Starting {agent}.").format(**facts),
    "agent_full": _full,
    "paused": _paused,
    "held_up": _held_up,
    "agent_disabled": lambda facts: _("{agent} is switched off in the admin.").format(**facts),
    "gateway_disabled": lambda facts: _("The gateway {gateway} is switched off in the admin.").format(**facts),
    "no_worker": lambda facts: _("No worker is running; {agent} starts once one does.").format(**facts),
    "no_broker": lambda facts: _("Starting {agent}, later than usual: the message broker does not answer.").format(
        **facts
    ),
    "no_beat": lambda facts: _("Starting {agent}, later than usual: beat is silent.").format(**facts),
    "agent_failing": _failing,
    "gateway_down": lambda facts: _("The gateway {gateway} does not answer since {at}.").format(
        gateway=facts["gateway"], at=_clock(facts["since"])
    ),
    "next_try": lambda facts: (
        _("{why} Next try at {at}.")
        .format(why=gateway_failures.sentence_of(facts.get("cause", "")), at=_clock(facts["at"]))
        .strip()
    ),
    "stopping": lambda facts: _("Stopping {agent}…").format(**facts),
    "stop_unconfirmed": _stop_unconfirmed,
    "gateway_busy": lambda facts: _("The gateway {gateway} is starting other tasks.").format(**facts),
    "handed_over": lambda facts: _("Handed to {agent}, not started yet").format(**facts),
    "working": _working,
    "retrying": _retrying,
    "interrupted": lambda facts: _("The gateway restarted; {agent} takes it up again.").format(**facts),
    "uncertain": lambda facts: _("Outcome unknown: {agent} may or may not be working. Check, then decide.").format(
        **facts
    ),
    "result": lambda facts: _("{agent} finished. Review the result.").format(**facts),
    "late_result": lambda facts: _("{agent} finished after the time limit. Review the result.").format(**facts),
    "answered": lambda facts: _("{agent} has answered.").format(**facts),
    "not_shown": _not_shown,
    "gateway_stopped": lambda facts: _("The gateway stopped it."),
    "time_limit": lambda facts: _("It did not finish within its time limit."),
    "stopped": _stopped,
    "failed": lambda facts: why("", facts["error"]) or _("{agent} gave no reason.").format(**facts),
    "timed_out": lambda facts: _("No word from {agent} in time.").format(**facts),
    **{code: _fixed(sentence) for code, sentence in (ENDED_BY | gateway_failures.SENTENCES).items()},
}
