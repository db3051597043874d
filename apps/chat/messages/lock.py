"""How every change of a message begins, whom it asks, and how it is logged."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.chat.messages.errors import Gone
from apps.chat.models import Message
from apps.errors import NotAllowed
from apps.projects import events, permissions
from apps.projects.changes import RowGone, locked_for_change
from apps.projects.models import Project
from apps.projects.permissions import Action


@contextmanager
def locked_message(message: Message, *, by: User | None = None, needs: Action | None = None) -> Iterator[Project]:
    """`locked_for_change` for a message that retention may have taken meanwhile: then it raises Gone.

    One that somebody has deleted is still a row: `deleted_at` says so.
    """
    with ExitStack() as stack:
        try:
            project = stack.enter_context(locked_for_change(message.project_id, message, by=by, needs=needs))
        except RowGone:
            raise Gone from None
        yield project


def require_author(message: Message, by: User) -> None:
    """Raise NotAllowed for everybody else."""
    if message.author_id != by.pk:
        raise NotAllowed(_("Only who wrote a message may change it."))


def require_author_or_manager(message: Message, by: User) -> None:
    """Raise NotAllowed for all but its author and who manages the project."""
    if message.author_id != by.pk:
        permissions.require(by, Action.MANAGE, message.project)


def log_change(project: Project, kind: str, message: Message, *, by: User, **more: Any) -> None:
    events.record(project, kind, by=by, room=message.room_id, message=message.pk, **more)
