"""How often one person may take much along at once: counted in the audit, which tells of every export."""

from datetime import timedelta

from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.accounts.models import AuditEntry, User
from apps.errors import Refused

PER_HOUR = 6  # a person
ACTIONS = ("audit.exported", "room.exported")


class TooMany(Refused):
    code = "too_many_exports"
    page_status = api_status = 429
    retry_after = 600


def require_few(by: User) -> None:
    """Raise TooMany when `by` has exported PER_HOUR times in the last hour."""
    lately = AuditEntry.objects.filter(action__in=ACTIONS, user_id=by.pk, at__gt=Now() - timedelta(hours=1))
    if lately.count() >= PER_HOUR:
        raise TooMany(_("You have exported six times in an hour. Please wait a while."))
