"""Failures in a row for one reason: the third pauses the agent, which then starts one run a minute to probe."""

import hashlib
import re
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.accounts.models import User
from apps.agents.models import Agent, FailureStreak, Run
from apps.agents.models.run import RunQuerySet
from apps.agents.runs.states import Status
from apps.tasks.models import Category

MAX_IN_A_ROW = 3
PROBE_EVERY = timedelta(minutes=1)
# What differs between two failures for one reason: ids, times, durations, counts of attempts and what is in ids.
VARYING = re.compile(
    r"""[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}        # a UUID
      | \d{4}-\d\d-\d\d(?:[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?)?  # a date or a moment
      | \d+:\d\d(?::\d\d(?:\.\d+)?)?(?:\ ?[ap]m)?          # a clock
      | \d+\s?/\s?\d+                                      # attempt 2/8
      | \d+(?:\.\d+)?\s?(?:ms|s|sec|secs|seconds?|min|minutes?|h|hours?)\b
      | \b(?=[\w-]*\d)(?=[\w-]*[a-z])[\w-]{8,}             # req_011CS…, a session
      | \d{4,}""",
    re.VERBOSE | re.IGNORECASE,
)


def fingerprint(error: str, cause: str = "") -> str:
    """The same for two failures of one reason, however their ids and times differ."""
    words = re.sub(r"\W+", " ", VARYING.sub(" ", error)).strip().lower()
    return hashlib.sha256(f"{cause}\n{words}".encode()).hexdigest()


def is_own(status: str, by: User | None) -> bool:
    """Whether a run that ends so has failed, and not been decided on by a person."""
    return status == Status.FAILED and (by is None or by.is_agent)


def note_failure(run: Run) -> None:
    """Count it. Call it under the project's lock, with the run's `failure` written."""
    streak, is_new = FailureStreak.objects.select_for_update().get_or_create(
        agent_id=run.agent_id,
        defaults={"fingerprint": run.failure, "error": run.error, "cause": run.cause},
    )
    if is_new or (streak.fingerprint != run.failure and streak.paused_at):
        return  # what another started run died of leaves the agent paused for the reason that it has
    streak.count = streak.count + 1 if streak.fingerprint == run.failure else 1
    streak.fingerprint, streak.error, streak.cause = run.failure, run.error, run.cause
    if streak.count >= MAX_IN_A_ROW and streak.paused_at is None:
        streak.paused_at = timezone.now()
        streak.probe_at = streak.paused_at + PROBE_EVERY
    streak.save(update_fields=["count", "fingerprint", "error", "cause", "paused_at", "probe_at"])


def note_success(run: Run) -> None:
    """The agent works: whatever its runs have failed for counts no more.

    An agent that was read with its streak, under the project's lock, is not asked again whether it has one.
    """
    if run.agent._state.fields_cache.get("failure_streak", run) is not None:
        FailureStreak.objects.filter(agent=run.agent_id).delete()


def pause_of(agent: Agent) -> FailureStreak | None:
    """Why the agent starts one run a minute only; None when it starts what it can."""
    is_loaded = "failure_streak" in agent._state.fields_cache  # by who read the agent, under its lock
    streaks = FailureStreak.objects.filter(agent=agent)
    streak: FailureStreak | None = getattr(agent, "failure_streak", None) if is_loaded else streaks.first()
    return streak if streak and streak.paused_at else None


def may_probe(streak: FailureStreak) -> bool:
    return streak.probe_at is not None and streak.probe_at <= timezone.now()


def take_probe(agent: Agent) -> bool:
    """Whether a run may be started now: while the agent is paused one caller a minute gets True."""
    pause, now = pause_of(agent), timezone.now()
    due = FailureStreak.objects.filter(pk=pause.pk, probe_at__lte=now) if pause else None
    return due is None or due.update(probe_at=now + PROBE_EVERY) == 1


def is_failed_probe(run: Run) -> bool:
    """Whether `run` failed for the reason for which its agent was paused before it was sent: it has shown only that."""
    if not run.failure or run.first_sent_at is None:
        return False
    paused = FailureStreak.objects.filter(agent=run.agent_id, paused_at__lte=run.first_sent_at)
    return paused.filter(fingerprint=run.failure).exists()


def probe_now(agent: Agent) -> None:
    """Somebody says that the reason is gone: the next run may start at once and show it."""
    FailureStreak.objects.filter(agent=agent, paused_at__isnull=False).update(probe_at=timezone.now())


def failed_alike(run: Run) -> RunQuerySet:
    """What failed for the reason of `run`, by the same agent."""
    return failed_for(run.agent, run.failure)


def failed_for(agent: Agent, failure: str) -> RunQuerySet:
    """The latest attempts of unfinished work that failed for the reason with this fingerprint."""
    newer = Run.objects.filter(
        Q(task=OuterRef("task")) | Q(message=OuterRef("message"), agent=OuterRef("agent")),
        attempt__gt=OuterRef("attempt"),
    )
    failed = Run.objects.filter(agent=agent, status=Status.FAILED, failure=failure).exclude(failure="")
    return failed.exclude(Exists(newer)).exclude(task__column__category=Category.DONE)
