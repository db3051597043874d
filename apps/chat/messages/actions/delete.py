"""Deleting a message: the row stays, empty, so that what answers it still has something to point at."""

from django.utils import timezone

from apps.accounts.models import User
from apps.chat.messages import pins
from apps.chat.messages.errors import Gone
from apps.chat.messages.lock import locked_message, log_change, require_author_or_manager
from apps.chat.models import Message, MessageRevision
from apps.projects.models import Project
from apps.projects.permissions import Action


def delete(message: Message, *, by: User) -> None:
    """Take it away and log `message.deleted`; again does nothing. For its author and who manages, else NotAllowed."""
    try:
        with locked_message(message, by=by, needs=Action.COMMENT) as project:
            require_author_or_manager(message, by)
            if not message.deleted_at:
                _empty(project, message, by)
    except Gone:
        return


def _empty(project: Project, message: Message, by: User) -> None:
    if message.text:
        MessageRevision.objects.create(message=message, text=message.text)
    message.text = message.html = ""
    message.deleted_at, message.has_files = timezone.now(), False
    message.save(update_fields=["text", "html", "deleted_at", "has_files"])
    for related in (message.mentions, message.task_references, message.reactions, message.previews, message.files):
        related.all().delete()
    pins.remove(project, message, by)
    log_change(project, "message.deleted", message, by=by, author=message.author_id)
