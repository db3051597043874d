"""Emoji under a message."""

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.chat.messages.emoji import canonical, is_emoji
from apps.chat.messages.lock import locked_message
from apps.chat.models import Message, Reaction
from apps.errors import Refused
from apps.projects import events
from apps.projects.models import Project
from apps.projects.permissions import Action

MOST_KINDS = 20  # under one message


class NoEmoji(Refused):
    code = "invalid"
    api_status = 400


class TooManyKinds(Refused):
    code = "too_many_kinds"


def react(message: Message, *, emoji: str, by: User) -> None:
    """Put `emoji` under it, once for each person. Raises NoEmoji, TooManyKinds."""
    emoji = canonical(emoji)
    if not is_emoji(emoji):
        raise NoEmoji(_("Choose one emoji."))
    with locked_message(message, by=by, needs=Action.COMMENT) as project:
        if message.deleted_at:
            return
        kinds = set(message.reactions.values_list("emoji", flat=True))
        if emoji not in kinds and len(kinds) >= MOST_KINDS:
            raise TooManyKinds(_("There are many different emojis already. Choose one of them."))
        _reaction, is_new = Reaction.objects.get_or_create(message=message, user=by, emoji=emoji)
        if is_new:
            _log(project, message, by)


def unreact(message: Message, *, emoji: str, by: User) -> None:
    with locked_message(message, by=by, needs=Action.COMMENT) as project:
        if message.reactions.filter(user=by, emoji__in=(emoji, canonical(emoji))).delete()[0]:
            _log(project, message, by)


def _log(project: Project, message: Message, by: User) -> None:
    events.record(project, "message.reacted", by=by, room=message.room_id, message=message.pk)
