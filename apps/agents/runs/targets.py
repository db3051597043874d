"""Where a run takes place. The verbs of a run speak to its place and need not know what that is."""

from django.db.models import QuerySet

from apps.agents.models import Agent, Run
from apps.chat.messages.post import post
from apps.chat.models import Message
from apps.tasks import status_notes
from apps.tasks.actions.comment import comment
from apps.tasks.actions.move import move
from apps.tasks.models import Category, Column, Task


class OnTask:
    """A task: its card's foot says how the run stands, and the card moves along with the work."""

    is_reviewed = True  # a person accepts what came of it
    is_gone = False
    longest_answer = 256 * 1024
    done, done_late = "result", "late_result"  # what it says then

    def __init__(self, task: Task) -> None:
        self.task = task
        self.project_id = task.project_id
        self.priority = task.priority

    @property
    def fields(self) -> dict:
        """What of a run says that it takes place here."""
        return {"task": self.task}

    @property
    def marks(self) -> dict:
        """What of an event says so."""
        return {"task": self.task.pk}

    @property
    def url(self) -> str:
        return self.task.get_absolute_url()

    def attempts(self, agent: Agent) -> QuerySet[Run]:
        """The runs among which one of `agent` has its number, and only one is open."""
        return self.task.runs.all()

    def session_key(self, agent: Agent, attempt: int, *, fresh: bool) -> str:
        """The conversation that `agent` had here before, unless it is to be a `fresh` one."""
        key = f"task:{self.task.uid}"
        last = self.task.runs.filter(agent=agent).order_by("-attempt").values_list("session_key", flat=True)
        return f"{key}:{attempt}" if fresh else last.first() or key

    def said(self, run: Run) -> status_notes.Note | None:
        return self.task.status_note

    def say(self, run: Run, note: status_notes.Note | None) -> None:
        """Write the note onto the card; whoever calls records the event that shows it."""
        Task.objects.filter(pk=self.task.pk).update(status_note=note)

    def begin(self, run: Run) -> None:
        """Put the card to where work is done, unless somebody has it further on already."""
        self.task.refresh_from_db(from_queryset=Task.objects.select_related("column"))
        if self.task.column.category in (Category.BACKLOG, Category.READY):
            self._move(run, Category.DOING)

    def present(self, run: Run, words: str) -> None:
        """The agent's comment, and the card in review."""
        comment(self.task, words=words, by=run.agent.user)
        self._move(run, Category.REVIEW)

    def _move(self, run: Run, category: str) -> None:
        """Into the project's first column of that meaning, if it has one."""
        column = Column.objects.filter(project=self.project_id, category=category).first()
        if column and self.task.column_id != column.pk:
            move(self.task, to=column, by=run.agent.user, anyway=True)


class InRoom:
    """A message in a room: the line under it says how the run stands, and the answer replies to it."""

    is_reviewed = False
    longest_answer = 50_000
    done = done_late = "answered"
    priority = Task.Priority.NORMAL

    def __init__(self, message: Message, *, referenced_task: Task | None, handoff_depth: int = 0) -> None:
        self.message, self.referenced_task, self.handoff_depth = message, referenced_task, handoff_depth
        self.project_id = message.room.project_id

    @property
    def fields(self) -> dict:
        return {
            "message": self.message,
            "referenced_task": self.referenced_task,
            "handoff_depth": self.handoff_depth,
        }

    @property
    def marks(self) -> dict:
        room, message = self.message.room_id, self.message.pk
        return {
            "task": self.referenced_task and self.referenced_task.pk,
            "room": room,
            "message": message,
            "url": self.url,
        }

    @property
    def url(self) -> str:
        return self.message.get_absolute_url()

    @property
    def is_gone(self) -> bool:
        return self.message.deleted_at is not None

    def attempts(self, agent: Agent) -> QuerySet[Run]:
        return self.message.runs.filter(agent=agent)

    def session_key(self, agent: Agent, attempt: int, *, fresh: bool) -> str:
        """The one conversation that the room has with each agent."""
        return f"room:{self.message.room.uid}"

    def said(self, run: Run) -> status_notes.Note | None:
        return run.status_note

    def say(self, run: Run, note: status_notes.Note | None) -> None:
        Run.objects.filter(pk=run.pk).update(status_note=note)
        run.status_note = note

    def begin(self, run: Run) -> None:
        """A room has nothing to move."""

    def present(self, run: Run, words: str) -> None:
        """The agent's message; its id makes it the same one, however often the answer is reported."""
        post(self.message.room, text=words, by=run.agent.user, client_id=run.pk, reply_to=self.message)


Place = OnTask | InRoom


def of(run: Run) -> Place:
    if run.task_id:
        return OnTask(run.task)
    return InRoom(run.message, referenced_task=run.referenced_task, handoff_depth=run.handoff_depth)


def marks(run: Run) -> dict:
    """What an event says about which run it is of, and where that takes place."""
    return {**of(run).marks, "run": str(run.pk)}


def say_all(notes_of: dict[Run, status_notes.Note]) -> dict:
    """Have many places say something, by as many statements for many as for few.

    Returns what the event that shows it says of them.
    """
    tasks = [Task(pk=run.task_id, status_note=note) for run, note in notes_of.items() if run.task_id]
    asked = [run for run in notes_of if run.message_id]
    for run in asked:
        run.status_note = notes_of[run]
    Task.objects.bulk_update(tasks, ["status_note"])
    Run.objects.bulk_update(asked, ["status_note"])
    return {"tasks": [task.pk for task in tasks], "messages": [run.message_id for run in asked]}
