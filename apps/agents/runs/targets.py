"""What a run works for: a task, or a message in a room. The steps of a run call its target and need not know which."""

import json
from typing import Any, NamedTuple, cast

from apps.accounts.models import User
from apps.agents.models import Agent, Run
from apps.agents.models.run import RunQuerySet
from apps.agents.runs import card_moves
from apps.agents.runs.card_moves import Change
from apps.chat.messages.actions.post import post
from apps.chat.models import Message
from apps.max_length import max_length
from apps.sql.statements import Statement
from apps.tasks import status_notes
from apps.tasks.actions.comment import comment
from apps.tasks.models import Task


class TaskTarget:
    """A task: its card shows how the run stands, and the card moves along with the work."""

    is_deleted = False
    result_code, late_result_code = "result", "late_result"  # of the note that shows the result

    def __init__(self, task: Task) -> None:
        self.task = task
        self.project_id = task.project_id
        self.priority = task.priority

    @property
    def needs_review(self) -> bool:
        """Whether a person accepts the result: not where somebody has finished the task before it came."""
        return not card_moves.is_finished(self.task)

    @property
    def run_fields(self) -> dict[str, Any]:
        """The fields of a run that name this target."""
        return {"task": self.task}

    @property
    def event_facts(self) -> dict[str, Any]:
        """The facts of an event that name this target."""
        return {"task": self.task.pk}

    @property
    def url(self) -> str:
        return self.task.get_absolute_url()

    def attempts(self, agent: Agent) -> RunQuerySet:
        """The runs among which one of `agent` has its number, and only one is open."""
        return self.task.runs.all()

    def session_key(self, agent: Agent, attempt: int, *, fresh: bool) -> str:
        """The session that `agent` had here before, unless it is to be a `fresh` one."""
        key = f"task:{self.task.uid}"
        last = self.task.runs.filter(agent=agent).order_by("-attempt").values_list("session_key", flat=True)
        return f"{key}:{attempt}" if fresh else last.first() or key

    def current_note(self, run: Run) -> status_notes.Note | None:
        return self.task.status_note

    def set_note(self, run: Run, note: status_notes.Note | None) -> None:
        """Write the note onto the card; whoever calls records the event that shows it."""
        Task.objects.filter(pk=self.task.pk).update(status_note=note)

    def show_asked(self, by: User | None) -> None:
        card_moves.move_card(self.task, Change.ASKED, by=by)

    def show_started(self, run: Run) -> None:
        card_moves.move_card(self.task, Change.STARTED, by=run.agent.user)

    def show_result(self, run: Run, text: str, note: status_notes.Note | None, *, empty_reason: str) -> None:
        """The agent's comment, which holds as much as a run does, and the card in review with `note`."""
        about: dict[str, Any] = {"is_truncated": run.is_result_truncated, "empty_reason": empty_reason}
        posted = comment(self.task, text=text, by=run.agent.user, as_board=True, **about)
        _SHOW.all(run=run.pk, comment=posted.pk, task=self.task.pk, note=json.dumps(note))
        card_moves.move_card(self.task, Change.SUCCEEDED, by=run.agent.user)


class MessageTarget:
    """A message in a room: the line under it shows how the run stands, and the answer replies to it."""

    needs_review = False
    result_code = late_result_code = "answered"
    priority = Task.Priority.NORMAL

    def __init__(self, message: Message, *, referenced_task: Task | None, handoff_depth: int = 0) -> None:
        self.message, self.referenced_task, self.handoff_depth = message, referenced_task, handoff_depth
        self.project_id = message.room.project_id

    @property
    def run_fields(self) -> dict[str, Any]:
        return {
            "message": self.message,
            "referenced_task": self.referenced_task,
            "handoff_depth": self.handoff_depth,
        }

    @property
    def event_facts(self) -> dict[str, Any]:
        return {
            "task": self.referenced_task and self.referenced_task.pk,
            "room": self.message.room_id,
            "message": self.message.pk,
            "url": self.url,
        }

    @property
    def url(self) -> str:
        return self.message.get_absolute_url()

    @property
    def is_deleted(self) -> bool:
        return self.message.deleted_at is not None

    def attempts(self, agent: Agent) -> RunQuerySet:
        return self.message.runs.filter(agent=agent)

    def session_key(self, agent: Agent, attempt: int, *, fresh: bool) -> str:
        """The session that the room has with `agent`, unless it is to be a `fresh` one, in which it then goes on."""
        key = f"room:{self.message.room.uid}"
        if fresh:
            return f"{key}:{self.message.pk}-{attempt}"
        in_room = Run.objects.filter(agent=agent, message__room=self.message.room_id)
        return in_room.order_by("-queued_at").values_list("session_key", flat=True).first() or key

    def current_note(self, run: Run) -> status_notes.Note | None:
        return run.status_note

    def set_note(self, run: Run, note: status_notes.Note | None) -> None:
        Run.objects.filter(pk=run.pk).update(status_note=note)
        run.status_note = note

    def show_asked(self, by: User | None) -> None:
        """A room has nothing to move."""

    def show_started(self, run: Run) -> None:
        """Nor here."""

    def show_result(self, run: Run, text: str, note: status_notes.Note | None, *, empty_reason: str) -> None:
        """The agent's message, as much as one holds, and `note` under the question.

        Its id makes it the same, however often the answer is reported.
        """
        longest = max_length(Message, "text")
        about: dict[str, Any] = {
            "client_message_id": run.pk,
            "reply_to": self.message,
            "is_truncated": run.is_result_truncated or len(text) > longest,
            "empty_reason": empty_reason,
        }
        post(self.message.room, text=text[:longest], by=run.agent.user, as_board=True, **about)
        self.set_note(run, note)


class Shown(NamedTuple):
    """The task of a result that was noted."""

    id: int


_SHOW = Statement(
    Shown,
    """
    WITH ended AS (UPDATE agents_run SET result_comment_id = %(comment)s WHERE id = %(run)s)
    UPDATE tasks_task SET status_note = NULLIF(%(note)s::jsonb, 'null') WHERE id = %(task)s RETURNING id""",
)
Target = TaskTarget | MessageTarget


def target_of(run: Run) -> Target:
    if run.task:
        return TaskTarget(run.task)
    return MessageTarget(
        cast(Message, run.message), referenced_task=run.referenced_task, handoff_depth=run.handoff_depth
    )


def event_facts(run: Run) -> dict[str, Any]:
    """The facts of an event that say which run it is of, and what that works for."""
    return {**target_of(run).event_facts, "run": str(run.pk)}


def set_notes(notes: dict[Run, status_notes.Note]) -> dict[str, Any]:
    """Write the notes of many runs, by as many statements for many as for few.

    Returns the facts of the event that shows them.
    """
    tasks = [Task(pk=run.task_id, status_note=note) for run, note in notes.items() if run.task_id]
    in_rooms = [run for run in notes if run.message_id]
    for run in in_rooms:
        run.status_note = notes[run]
    Task.objects.bulk_update(tasks, ["status_note"])
    Run.objects.bulk_update(in_rooms, ["status_note"])
    return {"tasks": [task.pk for task in tasks], "messages": [run.message_id for run in in_rooms]}
