"""The one rule about a parent that is done while a subtask is open: whoever brings that about is asked first.

It may be so, for people know what they do; but nobody makes it so without knowing. Three things do: a parent is done
before its subtasks are, a subtask is opened again after its parent was done, or one is added then. Where nobody can be
asked (a rule for pull requests) the card stays where it is and its history says why. An agent's work opens its task
whatever the parent is, since work is under way then; the cards of both say so.
"""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.errors import Refused
from apps.tasks.models import Category, Column, Task


class OpenSubtasks(Refused):
    """The question. Doing the same with `anyway=True` is the answer."""

    code = "open_subtasks"


class DoneParent(OpenSubtasks):
    """The same question, when it is the subtask that would be open."""


def ask_before_move(task: Task, to: Column, *, open_subtasks: int) -> None:
    """Raise OpenSubtasks when moving `task` to `to` makes an open subtask of a done parent.

    The task and how many `open_subtasks` it has were read under the lock.
    """
    before, after = task.column.category == Category.DONE, to.category == Category.DONE
    if after and not before:
        _ask_about(open_subtasks)
    if before and not after and task.parent and _is_done(task.parent):
        sentence = _("{key}, which this is a part of, is done. Open this subtask anyway?")
        raise DoneParent(sentence.format(key=task.parent.key), done_parent=task.parent.key)


def ask_before_create(parent: Task, column: Column) -> None:
    """Raise DoneParent when a task in `column` would be an open subtask of `parent`. Under the project's lock."""
    if column.category != Category.DONE and _is_done(parent):
        raise DoneParent(_("{key} is done. Add an open subtask anyway?").format(key=parent.key), done_parent=parent.key)


def require_subtasks_done(task: Task) -> None:
    """Raise OpenSubtasks when closing `task` would leave some open."""
    _ask_about(task.subtasks.open().count())


def _ask_about(open_subtasks: int) -> None:
    if open_subtasks:
        raise OpenSubtasks(
            ngettext(
                "{n} subtask is still open. Close this task anyway?",
                "{n} subtasks are still open. Close this task anyway?",
                open_subtasks,
            ).format(n=open_subtasks),
            open_subtasks=open_subtasks,
        )


def _is_done(task: Task) -> bool:
    return Task.objects.filter(pk=task.pk, column__category=Category.DONE).exists()
