"""Takes the steps of a run's life (the table stands in `states`): the only module that writes a run's status.

Each step is one conditional UPDATE whose sources come from the table, so of two that come at once
the second changes nothing and gets False. What goes with a step follows in the same transaction:
the status note, the event in the log, and a look at the agent's queue after the commit.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from apps.accounts.models import User
from apps.agents import audit_log
from apps.agents.models import LEASE, Run
from apps.agents.roster import failure_streaks
from apps.agents.runs import run_notes, states, stops, targets, wake
from apps.agents.runs.states import ReviewStep, Status, Step
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.models import Project
from apps.sql.refresh import read_anew

DEADLINE_FACTOR = 2
LOOK_AFTER = timedelta(seconds=60)  # without a word of a run
LOOKED_AT = (Status.RUNNING, Status.UNCERTAIN)
NOTES_OF_ENDED = {
    Status.FAILED: (run_notes.State.FAILED, "failed"),
    Status.CANCELLED: (run_notes.State.STOPPED, "stopped"),
    Status.TIMED_OUT: (run_notes.State.FAILED, "timed_out"),
}


def claim(run: Run, worker: str, **request: Any) -> bool:
    """Lease `run` to `worker`, which sends `request` (path, body, branch, where to).

    Call it under the agent's row lock.
    """
    return _take(
        run,
        states.CLAIM,
        leased_by=worker[:100],
        lease_until=Now() + LEASE,
        send_count=F("send_count") + 1,
        first_sent_at=Coalesce(F("first_sent_at"), Now()),
        **request,
    )


def show_sending(run: Run) -> None:
    """Say that `run` is handed over now, where it has said why it waits; only while this very send lasts."""
    target, note = targets.target_of(run), run_notes.build_wait_note(run, None)
    shown: dict[str, Any] = dict(target.current_note(run) or {})
    if all(shown.get(part) == note[part] for part in ("code", "run")):
        return
    with locked_for_change(run.project_id) as project:
        if Run.objects.filter(_fence(run.send_count) or Q(), pk=run.pk).exists():
            events.record(project, "run.queue_changed", by=None, **targets.set_notes({run: note}))


def admit(run: Run, *, gateway_run_id: str = "", send_count: int | None = None) -> bool:
    """The gateway has it, its clock runs, and its target shows that. It has not begun yet.

    `send_count` fences: only if no other worker has sent the run again since.
    """
    with locked_for_change(run.project_id) as project:
        admitted = _take(
            run,
            states.ADMIT,
            only=_fence(send_count),
            deadline_at=_deadline_of(run),
            look_at=Now() + LOOK_AFTER,
            lease_until=None,
            error="",
            cause="",
            **({"gateway_run_id": gateway_run_id} if gateway_run_id else {}),
        )
        if admitted:
            run_notes.set_note(run, run_notes.State.QUEUED, "handed_over")
            _follow(run, project, states.ADMIT, by=None)
        return admitted


def begin(run: Run, *, gateway_run_id: str = "") -> bool:
    """The agent works at it, which the gateway's answer to us does not say; False when it has begun before."""
    if run.started_at is not None and run.status in states.BEGIN.sources:
        return False
    with locked_for_change(run.project_id) as project:
        if run.status in states.ADMIT.sources:
            admit(run)
        begun = _take(
            run,
            states.BEGIN,
            only=Q(started_at=None),
            started_at=Now(),
            deadline_at=_deadline_of(run),
            look_at=Now() + LOOK_AFTER,
            **({"gateway_run_id": gateway_run_id} if gateway_run_id else {}),
        )
        if begun:
            run_notes.set_note(run, run_notes.State.WORKING, "working")
            _follow(run, project, states.BEGIN, by=run.agent.user, attempt=run.attempt)
            targets.target_of(run).show_started(run)
        return begun


def hear_from(run: Run, *, code: str = "working", **facts: Any) -> bool:
    """It is alive, whatever was thought of it, and does what `code` says; False when it has ended.

    Its session need not be looked into for a while.
    """
    with locked_for_change(run.project_id, run) as project:
        if not begin(run) and run.status != Status.RUNNING:
            return False
        Run.objects.filter(pk=run.pk).update(look_at=Now() + LOOK_AFTER)
        read_anew(run)
        note = run_notes.build_note(run, run_notes.State.WORKING, code, **facts)
        if not run_notes.is_shown(run, note):
            targets.target_of(run).set_note(run, note)
            events.record(project, "run.progressed", by=None, **targets.event_facts(run))
        return True


def look_again(run: Run, after: timedelta | None) -> None:
    """Look into its session then, or (None) not any more."""
    Run.objects.filter(pk=run.pk, status__in=LOOKED_AT).update(look_at=None if after is None else Now() + after)


def claim_look(run: Run) -> bool:
    """Take the look that is due; of two sweeps at once the second gets False."""
    return bool(Run.objects.filter(pk=run.pk, look_at=run.look_at).update(look_at=Now() + LOOK_AFTER))


def interrupt(run: Run, *, has_begun: bool = True) -> bool:
    """The gateway died in mid-run. It resumes by itself: the run stays open, and its clock starts anew.

    What had not begun is not resumed: its session is looked into at once.
    """
    if run.status not in (Status.SENDING, Status.UNCERTAIN, *states.INTERRUPT.sources):
        return False
    with locked_for_change(run.project_id) as project:
        if not has_begun:  # it was taken up at the most, which is all that run.accepted says
            if _take(run, states.INTERRUPT, started_at=None):
                run_notes.set_note(run, run_notes.State.QUEUED, "handed_over")
                events.record(project, "run.progressed", by=None, **targets.event_facts(run))
            look_again(run, timedelta(0))
            return True
        begin(run)
        interrupted = _take(run, states.INTERRUPT, deadline_at=_deadline_of(run), look_at=Now() + LOOK_AFTER)
        if interrupted:
            run_notes.set_note(run, run_notes.State.WORKING, "interrupted")
            _follow(run, project, states.INTERRUPT, by=run.agent.user)
        return interrupted


def requeue(
    run: Run, *, error: str, cause: str = "", due_at: datetime | CombinedExpression, may_have_started: bool
) -> bool:
    """Back into the queue, to be sent again at `due_at`; only if no other worker has sent the run again since.

    `cause` is the code of why, `error` the original words.
    """
    with locked_for_change(run.project_id) as project:
        requeued = _take(
            run,
            states.REQUEUE,
            only=_fence(run.send_count),
            due_at=due_at,
            error=error[:500],
            cause=cause,
            lease_until=None,
            **({} if may_have_started else {"first_sent_at": None}),
        )
        if requeued:
            run.refresh_from_db()
            at = run.due_at.isoformat(timespec="seconds")
            run_notes.set_note(run, run_notes.State.QUEUED, "next_try", error=run.error, cause=cause, at=at)
            _follow(run, project, states.REQUEUE, by=None, error=run.error, cause=cause)
        return requeued


def release_lease(run: Run) -> bool:
    """Back into the queue at once, if the lease of its worker has expired."""
    with locked_for_change(run.project_id) as project:
        released = _take(run, states.RELEASE_LEASE, only=Q(lease_until__lt=Now()), lease_until=None, due_at=Now())
        if released:
            _follow(run, project, states.RELEASE_LEASE, by=None)
        return released


def put_back(run: Run) -> bool:
    """Back to its place in the queue, as if it had not been tried: it only showed that its gateway is still away.

    Only if no other worker has sent the run again since.
    """
    with locked_for_change(run.project_id) as project:
        untried = {"send_count": F("send_count") - 1, "first_sent_at": None}
        this_send = _fence(run.send_count)
        put = _take(run, states.RELEASE_LEASE, only=this_send, lease_until=None, due_at=Now(), **untried)
        if put:
            _follow(run, project, states.RELEASE_LEASE, by=None)
        return put


def send_again(run: Run) -> bool:
    """Back into the queue at once: the gateway has no turn of it, unless it began, or was sent, in the meantime."""
    with locked_for_change(run.project_id) as project:
        unmoved = Q(started_at=None, send_count=run.send_count)
        anew: dict[str, Any] = {"first_sent_at": Now(), "deadline_at": None, "look_at": None, "error": "", "cause": ""}
        sent_again = _take(run, states.SEND_AGAIN, only=unmoved, due_at=Now(), **anew)
        if sent_again:
            read_anew(run)
            run_notes.set_note(run, run_notes.State.QUEUED, "starting")
            _follow(run, project, states.SEND_AGAIN, by=None)
        return sent_again


def mark_uncertain(run: Run, *, send_count: int | None = None) -> bool:
    """An answer was lost where asking again might run it twice: its session tells, or a person decides.

    `send_count` fences: only if no other worker has sent the run again since.
    """
    with locked_for_change(run.project_id) as project:
        marked = _take(run, states.MARK_UNCERTAIN, only=_fence(send_count), lease_until=None, look_at=Now())
        if marked:
            run_notes.set_note(run, run_notes.State.YOU, "uncertain")
            _follow(run, project, states.MARK_UNCERTAIN, by=None)
        return marked


def succeed(run: Run, **result: Any) -> bool:
    """End `run`, which was read under the project's lock, with a result; False when it had ended already.

    It has worked, whoever should have said so before. `result` are further fields of the run. Whoever calls shows
    the result, with its note.
    """
    step = states.CLOSE_AS[Status.SUCCEEDED]
    with locked_for_change(run.project_id) as project:
        if run.status != Status.RUNNING:
            begin(run)
            read_anew(run)
        now = timezone.now()
        ended = {
            "started_at": run.started_at or now,
            "ended_at": now,
            "review": _review_after(run, step),
            **dict.fromkeys(("error", "cause", "failure"), ""),
            **dict.fromkeys(("lease_until", "look_at")),
            **result,
        }
        if not _take(run, step, **ended):
            return False
        if run.started_at is None:
            _follow(run, project, states.BEGIN, by=run.agent.user, attempt=run.attempt)
        run.status = step.target
        for name, value in ended.items():
            setattr(run, name, value)
        failure_streaks.note_success(run)
        _follow(run, project, step, by=run.agent.user, status=step.target, error="", cause="")
        return True


def close(
    run: Run,
    status: str,
    *,
    by: User | None,
    error: str = "",
    cause: str = "",
    send_count: int | None = None,
    **result: Any,
) -> bool:
    """End `run` as `status`, without a result; False when it had ended already.

    `cause` is the code of the note that says why, where the status alone does not; `result` are further fields of
    the run, such as its tokens. `send_count` fences: only if no other worker has sent the run again since. `run` is
    refreshed.
    """
    step = states.CLOSE_AS[Status(status)]
    with locked_for_change(run.project_id) as project:
        closed = _take(
            run,
            step,
            only=_fence(send_count),
            error=error[:500],
            cause=cause,
            failure=failure_streaks.fingerprint(error[:500], cause) if failure_streaks.is_own(step.target, by) else "",
            ended_at=timezone.now(),
            review=states.Review.NONE,
            lease_until=None,
            look_at=None,
            **result,
        )
        read_anew(run)
        if closed:
            if run.failure:
                failure_streaks.note_failure(run)
            state, code = NOTES_OF_ENDED[step.target]
            run_notes.set_note(run, state, cause or code, error=run.error, by=str(by or ""))
            if step.target == Status.CANCELLED:  # by us: what the gateway ends by itself has failed
                stops.request(run, by)
            _follow(run, project, step, by=by, status=step.target, error=run.error, cause=cause)
        return closed


def reopen(run: Run, **result: Any) -> bool:
    """A success after the run had ended without one, as if in time, unless a newer attempt or a person was faster.

    `run` is refreshed.
    """
    with locked_for_change(run.project_id) as project:
        if targets.target_of(run).attempts(run.agent).filter(attempt__gt=run.attempt).exists():
            return False
        ended_as = run.status
        reopened = _take(
            run, states.REOPEN, review=_review_after(run, states.REOPEN), error="", cause="", failure="", **result
        )
        if reopened:
            run.refresh_from_db()
            failure_streaks.note_success(run)
            _follow(run, project, states.REOPEN, by=run.agent.user, ended_as=ended_as)
        return reopened


def decide(run: Run, step: ReviewStep, *, by: User | None, project: Project) -> bool:
    """A person's decision on the result. Call it under the lock of `project`."""
    decided = Run.objects.filter(pk=run.pk, review=step.source).update(review=step.target)
    if decided:
        run.review = step.target
        if step.event:
            events.record(project, step.event, by=by, **targets.event_facts(run), attempt=run.attempt)
    return bool(decided)


def set_aside(run: Run) -> None:
    """Let no earlier result of the task wait any more, now that `run` is the next attempt."""
    step = states.SUPERSEDE
    waiting = (
        Run.objects.filter(task=run.task, review=step.source) if run.task and run.attempt > 1 else Run.objects.none()
    )
    waiting.exclude(pk=run.pk).update(review=step.target)


def _take(run: Run, step: Step, *, only: Q | None = None, **fields: Any) -> bool:
    """The step's UPDATE, for a run in one of its sources; `only` narrows them further."""
    rows = Run.objects.filter(only or Q(), pk=run.pk, status__in=step.sources)
    return bool(rows.update(status=step.target, **fields))


def _follow(run: Run, project: Project, step: Step, *, by: User | None, **facts: Any) -> None:
    """What goes with every step: the log's event, and a look at the queue."""
    if step.event:
        with audit_log.of_run(run):
            events.record(project, step.event, by=by, **targets.event_facts(run), **facts)
    if step.wakes_queue:
        wake.wake_after_commit(run.agent_id)


def _fence(send_count: int | None) -> Q | None:
    """Only while the run is being sent for this very time; None where that does not matter."""
    return None if send_count is None else Q(status=Status.SENDING, send_count=send_count)


def _deadline_of(run: Run) -> CombinedExpression:
    """When nobody having reported on `run` means that its time is up (database clock)."""
    return Now() + timedelta(seconds=run.agent.timeout_seconds * DEADLINE_FACTOR)


def _review_after(run: Run, step: Step) -> str:
    """Whether a person has to accept what came of the run."""
    is_for_review = step.target == Status.SUCCEEDED and targets.target_of(run).needs_review
    return states.Review.WAITING if is_for_review else states.Review.NONE
