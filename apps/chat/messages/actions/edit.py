"""Editing a message. Its former text is kept for those who moderate."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.chat.messages import parse
from apps.chat.messages.actions.post import update_references
from apps.chat.messages.errors import Gone
from apps.chat.messages.lock import locked_message, log_change, require_author, require_author_or_manager
from apps.chat.models import Message, MessageRevision
from apps.errors import Refused
from apps.projects.permissions import Action
from apps.strict_json import storable


class TooLate(Refused):
    code = "too_late"


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
        message.is_truncated, message.empty_reason = False, ""
        message.save(update_fields=["text", "html", "edited_at", "is_truncated", "empty_reason"])
        mentions = update_references(message, parsed)
        log_change(project, "message.edited", message, by=by, mentions=mentions)
    return message


def remove_previews(message: Message, *, by: User) -> None:
    """Show none of what its links lead to now; log `message.previewed`. For its author and who manages."""
    with locked_message(message, by=by, needs=Action.COMMENT) as project:
        require_author_or_manager(message, by)
        if message.previews.filter(is_hidden=False).update(is_hidden=True):
            log_change(project, "message.previewed", message, by=by)
