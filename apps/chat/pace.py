"""How fast one person or program may talk."""

from django.conf import settings
from django.utils.translation import gettext as _

from apps.accounts import throttling
from apps.accounts.models import User
from apps.errors import TooOften


def require(by: User) -> None:
    """Count one more message of `by`. Raises TooOften beyond CHAT_MESSAGES_PER_MINUTE."""
    if not throttling.passes(f"messages:{by.pk}", settings.CHAT_MESSAGES_PER_MINUTE):
        sentence = _("You have posted very much in this minute. Please wait for the next one.")
        raise TooOften(sentence, throttling.seconds_left())
