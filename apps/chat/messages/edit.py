"""Changing one's mind about what was said. What it said before is kept for those who moderate."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.chat.messages import parse, pins
from apps.chat.messages.post import point
from apps.chat.models import Message, MessageRevision
from apps.errors import NotAllowed, Refused
from apps.projects import events, permissions
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.strict_json import storable


class TooLate(Refused):
    code = "too_late"


class Gone(Refused):
    code = "gone"
    page_status = api_status = 410

    def __init__(self) -> None:
        super().__init__(_("That message is not here any more."))


def require_author(message: Message, by: User) -> None:
    """Raise NotAllowed for everybody else."""
    if message.author_id != by.pk:
        raise NotAllowed(_("Only who wrote a message may change it."))


@transaction.atomic
def edit(message: Message, *, text: str, by: User) -> Message:
    """Have it say `text` and log `message.edited`, with those it mentions for the first time.

    For its author, for CHAT_EDIT_HOURS. Raises NotAllowed, TooLate, Gone, and what `parse.word` raises.
    """
    require_author(message, by)
    text = storable(text)
    project = _locked(message)
    if timezone.now() - message.created_at > timedelta(hours=settings.CHAT_EDIT_HOURS):
        raise TooLate(_("This was said too long ago to be changed. Say it anew."))
    if text == message.text:
        return message
    worded = parse.word(project, text, by=by)
    MessageRevision.objects.create(message=message, text=message.text)
    message.text, message.html, message.edited_at = text, worded.html, timezone.now()
    message.save(update_fields=["text", "html", "edited_at"])
    mentions = point(message, worded)
    _log(project, "message.edited", message, by=by, mentions=mentions)
    return message


@transaction.atomic
def delete(message: Message, *, by: User) -> None:
    """Take it away and log `message.deleted`; again does nothing. For its author and who manages, else NotAllowed."""
    require_may_delete(message, by)
    try:
        project = _locked(message)
    except Gone:
        return
    if message.text:
        MessageRevision.objects.create(message=message, text=message.text)
    message.text = message.html = ""
    message.deleted_at, message.has_files = timezone.now(), False
    message.save(update_fields=["text", "html", "deleted_at", "has_files"])
    for pointers in (message.mentions, message.task_references, message.reactions, message.previews, message.files):
        pointers.all().delete()
    pins.unpin(message, by=by)
    _log(project, "message.deleted", message, by=by, author=message.author_id)


@transaction.atomic
def remove_previews(message: Message, *, by: User) -> None:
    """Show none of what its links lead to now; log `message.previewed`. For its author and who manages."""
    require_may_delete(message, by)
    project = Project.objects.locked(message.room.project_id)
    if message.previews.filter(is_hidden=False).update(is_hidden=True):
        _log(project, "message.previewed", message, by=by)


def require_may_delete(message: Message, by: User) -> None:
    """Raise NotAllowed for all but its author and who manages the project."""
    if message.author_id != by.pk:
        permissions.require(by, Action.MANAGE, message.room.project)


def _locked(message: Message) -> Project:
    """The project under its lock, and `message` as it stands now. Raises Gone when it was deleted meanwhile."""
    project = Project.objects.locked(message.room.project_id)
    message.refresh_from_db(fields=["text", "html", "edited_at", "deleted_at"])
    if message.deleted_at:
        raise Gone
    return project


def _log(project: Project, kind: str, message: Message, *, by: User, **more) -> None:
    events.record(project, kind, by=by, room=message.room_id, message=message.pk, **more)
