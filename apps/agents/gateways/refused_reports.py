"""The reports of the last hour that were refused, and why: what the check of a gateway says of them."""

from collections import Counter
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import AuditEntry
from apps.agents.models import Gateway

HOUR = timedelta(hours=1)
MOST = 500  # entries that are looked at


def sentences_about(gateway: Gateway) -> list[tuple[bool, str]]:
    """Whether it is over, and the sentence, for each cause; a report that was taken afterwards ends them all."""
    entries = AuditEntry.objects.filter(action="callback.refused", at__gte=timezone.now() - HOUR).order_by("-pk")[:MOST]
    mine = [entry for entry in entries if entry.facts.get("gateway_id") in (None, gateway.pk)]
    taken = gateway.last_callback_at
    latest: dict[str, AuditEntry] = {}
    for entry in mine:
        latest.setdefault(_cause(entry), entry)
    counts = Counter(map(_cause, mine))
    return [
        (bool(taken and taken > entry.at), _sentence(entry, counts[cause], is_over=bool(taken and taken > entry.at)))
        for cause, entry in latest.items()
    ]


def _cause(entry: AuditEntry) -> str:
    return str(entry.facts.get("cause") or entry.facts.get("code"))


def _sentence(entry: AuditEntry, count: int, *, is_over: bool) -> str:
    reasons = {
        "clock": _("its clock is {offset}"),
        "secret": _("they are not signed with this callback secret, or come from elsewhere; the last from {address}"),
        "unsigned": _("they are not signed; the last from {address}"),
        "disabled": _("this gateway is switched off here"),
    }
    reason = reasons.get(_cause(entry), _("they are not what a report is ({code})"))
    seconds = int(entry.facts.get("seconds") or 0)
    told = _("Refused reports of the last hour: {count}: {reason}.").format(
        count=count,
        reason=reason.format(offset=offset(seconds), address=entry.address, code=entry.facts.get("code")),
    )
    return told + (" " + _("Since then reports were taken.") if is_over else "")


def offset(seconds: int) -> str:
    """By how much a clock is wrong, in words."""
    words = _("{seconds} seconds ahead of ours") if seconds > 0 else _("{seconds} seconds behind ours")
    return words.format(seconds=abs(seconds))
