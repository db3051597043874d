"""Whether what runs behind the pages is alive: workers, the broker that wakes them, and beat, which says when.

Each worker writes the heartbeats, of itself and of what it hears of the other two. Whoever reads them
says in words what is silent: cards that wait, the admin, `manage.py doctor` and `/readyz`.
"""

import time
from collections.abc import Iterator
from datetime import timedelta

from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agents.models import Heartbeat

WORKER, BROKER, BEAT = "worker", "broker", "beat"
EVERY = 4.0  # seconds between two heartbeats
SILENT_AFTER = timedelta(seconds=12)  # with the watch of the web processes: said within 20
KEPT_SECONDS = 1.0  # an answer is good for that long in its process
SENTENCES = {
    WORKER: gettext_lazy("No worker is running: nothing starts until one does."),
    BROKER: gettext_lazy("The message broker does not answer: workers look for work themselves, seconds later."),
    BEAT: gettext_lazy("Beat is silent: workers look for work themselves, seconds later."),
}
_answer: tuple[float, tuple[str, ...]] = (-KEPT_SECONDS, ())


def note_alive(*parts: str) -> None:
    """Write the heartbeats of `parts`, by one statement."""
    rows = [Heartbeat(part=part, at=Now()) for part in parts]
    Heartbeat.objects.bulk_create(rows, update_conflicts=True, unique_fields=["part"], update_fields=["at"])


def silent() -> tuple[str, ...]:
    """The part that is silent and keeps the others from being heard; () when all is well."""
    global _answer
    if time.monotonic() - _answer[0] >= KEPT_SECONDS:
        _answer = time.monotonic(), read_silent()
    return _answer[1]


def read_silent() -> tuple[str, ...]:
    """The same as the database says now. Without a worker nobody hears of the others, without a broker not of beat."""
    alive = set(Heartbeat.objects.filter(at__gt=Now() - SILENT_AFTER).values_list("part", flat=True))
    return next(((part,) for part in (WORKER, BROKER, BEAT) if part not in alive), ())


def examine() -> Iterator[tuple[bool, str]]:
    """What `manage.py doctor operating` says."""
    found = read_silent()
    yield from ((False, str(SENTENCES[part])) for part in found)
    if not found:
        yield True, _("Workers, broker and beat are alive.")
