"""Editing and deleting a message. Its former text is kept for those who moderate."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.chat.messages import parse, pins
from apps.chat.messages.errors import Gone
from apps.chat.messages.lock import locked_message
from apps.chat.messages.post import update_references
from apps.chat.models import Message, MessageRevision
from apps.errors import NotAllowed, Refused
from apps.projects import events, permissions
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.strict_json import storable


class TooLate(Refused):
    code = "too_late"


def require_author(message: Message, by: User) -> None:
    """Raise NotAllowed for everybody else."""
    if message.author_id != by.pk:
        raise NotAllowed(_("Only who wrote a message may change it."))


def edit(message: Message, *, text: str, by: User) -> Message:
    """Have it say `text` and log `message.edited`, with those it mentions for the first time.

    For its author, for CHAT_EDIT_HOURS. Raises NotAllowed, TooLate, Gone, and what `parse.parse` raises.
    """
    text = storable(text)
    with locked_message(message, by=by, needs=Action.COMMENT) as project:
        require_author(message, by)
        if message.deleted_at:
            raise Gone
        if timezone.now() - message.created_at > timedelta(hours=settings.CHAT_EDIT_HOURS):
            raise TooLate(_("This was said too long ago to be changed. Say it anew."))
        if text == message.text:
            return message
        parsed = parse.parse(project, text, by=by)
        MessageRevision.objects.create(message=message, text=message.text)
        message.text, message.html, message.edited_at = text, parsed.html, timezone.now()
        message.save(update_fields=["text", "html", "edited_at"])
        mentions = update_references(message, parsed)
        _log(project, "message.edited", message, by=by, mentions=mentions)
    return message


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
    _log(project, "message.deleted", message, by=by, author=message.author_id)


def remove_previews(message: Message, *, by: User) -> None:
    """Show none of what its links lead to now; log `message.previewed`. For its author and who manages."""
    with locked_message(message, by=by, needs=Action.COMMENT) as project:
        require_author_or_manager(message, by)
        if message.previews.filter(is_hidden=False).update(is_hidden=True):
            _log(project, "message.previewed", message, by=by)


def require_author_or_manager(message: Message, by: User) -> None:
    """Raise NotAllowed for all but its author and who manages the project."""
    if message.author_id != by.pk:
        permissions.require(by, Action.MANAGE, message.project)


def _log(project: Project, kind: str, message: Message, *, by: User, **more) -> None:
    events.record(project, kind, by=by, room=message.room_id, message=message.pk, **more)
