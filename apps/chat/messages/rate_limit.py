"""How fast one person or program may talk."""

from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from apps.accounts import rate_limits
from apps.accounts.models import User
from apps.chat.models import Room
from apps.errors import TooOften


def require(room: Room, *, client_message_id: UUID, by: User) -> None:
    """Count one more message of `by`. Raises TooOften beyond CHAT_MESSAGES_PER_MINUTE.

    One that stands already and is only sent again is never too often: who sent it must hear that it stands.
    """
    if rate_limits.passes(f"messages:{by.pk}", settings.CHAT_MESSAGES_PER_MINUTE):
        return
    if not room.messages.filter(author=by, client_message_id=client_message_id).exists():
        sentence = _("You have posted very much in this minute. Please wait for the next one.")
        raise TooOften(sentence, rate_limits.seconds_left())
