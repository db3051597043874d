"""The board: columns, the tasks in them, and the code that belongs to a task."""

from apps.tasks.models.task import (
    TEXT_LENGTH,
    TITLE_LENGTH,
    BranchNaming,
    Category,
    CodeLink,
    CodeRule,
    Column,
    Comment,
    Label,
    Occasion,
    Task,
)

__all__ = [
    "TEXT_LENGTH",
    "TITLE_LENGTH",
    "BranchNaming",
    "Category",
    "CodeLink",
    "CodeRule",
    "Column",
    "Comment",
    "Label",
    "Occasion",
    "Task",
]
