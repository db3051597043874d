"""How every change of a message begins."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from apps.accounts.models import User
from apps.chat.messages.errors import Gone
from apps.chat.models import Message
from apps.projects.changes import locked_for_change
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
        except Message.DoesNotExist:
            raise Gone from None
        yield project
