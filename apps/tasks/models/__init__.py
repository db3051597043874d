"""The board: columns, the tasks in them, and the code that belongs to a task."""

from apps.tasks.models.code_link import CodeLink
from apps.tasks.models.code_settings import BranchNameTemplate, PullRequestEvent, PullRequestRule
from apps.tasks.models.column import Category, Column
from apps.tasks.models.comment import Comment, EmptyReason
from apps.tasks.models.label import Label
from apps.tasks.models.task import Task

__all__ = [
    "BranchNameTemplate",
    "Category",
    "CodeLink",
    "Column",
    "Comment",
    "EmptyReason",
    "Label",
    "PullRequestEvent",
    "PullRequestRule",
    "Task",
]
