"""A run's life as one table: its states, and every step from one to another.

The table imports nothing of the product: the model takes its choices and its constraints from it,
and `lifecycle` is the only module that takes the steps.
"""

from typing import NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Status(TextChoices):
    QUEUED = "queued", _("queued")
    SENDING = "sending", _("starting")
    RUNNING = "running", _("working")
    NEEDS_INPUT = "needs_input", _("needs you")
    UNCERTAIN = "uncertain", _("uncertain")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")
    TIMED_OUT = "timed_out", _("timed out")


class Review(TextChoices):
    NONE = "", _("not reviewed")
    WAITING = "waiting", _("waits for a person")
    ACCEPTED = "accepted", _("accepted")
    CHANGES_REQUESTED = "changes_requested", _("sent back")


# What takes one of the agent's slots.
BUSY = (Status.SENDING, Status.RUNNING, Status.NEEDS_INPUT)
# An uncertain run is open: a person decides before the task may run again.
OPEN = (Status.QUEUED, *BUSY, Status.UNCERTAIN)
ENDED = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.TIMED_OUT)
# After these a person may ask for the next attempt.
RETRYABLE = (Status.FAILED, Status.TIMED_OUT, Status.CANCELLED, Status.UNCERTAIN)


class Step(NamedTuple):
    """One edge of the table: a run in one of `sources` becomes `target`.

    `event` is the kind under which the project's log has it; after a step with `wakes_queue` the
    agent's queue is looked at again, since a slot may be free or a run waits anew.
    """

    name: str
    sources: tuple[Status, ...]
    target: Status
    event: str = ""
    wakes_queue: bool = False


CLAIM = Step("claim", (Status.QUEUED,), Status.SENDING)
# The gateway's answer comes while the run is sent; its report may come before that, or after we gave the answer up.
ADMIT = Step("admit", (Status.QUEUED, Status.SENDING, Status.UNCERTAIN), Status.RUNNING, "run.handed_over")
# An admitted run is the gateway's; it has begun when the gateway says so, or its turn stands in the session.
BEGIN = Step("begin", (Status.RUNNING,), Status.RUNNING, "run.started")
# The gateway restarted in mid-run and resumes by itself: the run's clock starts anew.
INTERRUPT = Step("interrupt", (Status.RUNNING,), Status.RUNNING, "run.interrupted")
REQUEUE = Step("requeue", (Status.SENDING,), Status.QUEUED, "run.delayed", wakes_queue=True)
RELEASE_LEASE = Step("release_lease", (Status.SENDING,), Status.QUEUED, wakes_queue=True)
# The gateway does not have it, whatever it said: it has crashed before the run began.
SEND_AGAIN = Step("send_again", (Status.RUNNING, Status.UNCERTAIN), Status.QUEUED, "run.sent_again", wakes_queue=True)
MARK_UNCERTAIN = Step(
    "mark_uncertain", (Status.QUEUED, Status.SENDING), Status.UNCERTAIN, "run.marked_uncertain", wakes_queue=True
)
CLOSE_AS = {status: Step(f"close_as_{status}", OPEN, status, "run.closed", wakes_queue=True) for status in ENDED}
# A success that is reported after its time was up, or after the gateway had given it up: the only step out of an
# ended state.
REOPEN = Step("reopen", (Status.TIMED_OUT, Status.FAILED), Status.SUCCEEDED, "run.reopened")
STEPS = (
    *(CLAIM, ADMIT, BEGIN, INTERRUPT, REQUEUE, RELEASE_LEASE, SEND_AGAIN, MARK_UNCERTAIN),
    *(*CLOSE_AS.values(), REOPEN),
)


class ReviewStep(NamedTuple):
    """One edge of the review, which begins when a run on a task has succeeded."""

    name: str
    source: Review
    target: Review
    event: str = ""


ACCEPT = ReviewStep("accept", Review.WAITING, Review.ACCEPTED, "run.accepted")
REQUEST_CHANGES = ReviewStep("request_changes", Review.WAITING, Review.CHANGES_REQUESTED, "run.changes_requested")
# A retry sets a waiting result aside; the log says so by the new run.
SUPERSEDE = ReviewStep("supersede", Review.WAITING, Review.CHANGES_REQUESTED)
REVIEW_STEPS = (ACCEPT, REQUEST_CHANGES, SUPERSEDE)
