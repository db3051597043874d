"""How often one person may ask the API or upload, or one address guess or begin to sign in: counted in Redis."""

import logging
import time

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django.views import View
from redis.exceptions import RedisError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

log = logging.getLogger(__name__)
WINDOW = 60  # seconds
SILENT_SECONDS = 5
_silent_until = 0.0  # on the monotonic clock


class PerMinute(BaseThrottle):
    """API_READS_PER_MINUTE and API_WRITES_PER_MINUTE a person, in fixed windows."""

    def allow_request(self, request: Request, view: View) -> bool:
        if not request.user.is_authenticated:
            return True
        reads = request.method in SAFE_METHODS
        limit = settings.API_READS_PER_MINUTE if reads else settings.API_WRITES_PER_MINUTE
        return passes(f"api:{request.user.pk}:{'r' if reads else 'w'}", limit)

    def wait(self) -> float:
        return seconds_left()


def seconds_left() -> float:
    """Until the next minute begins, in which everything is counted anew."""
    return WINDOW - timezone.now().timestamp() % WINDOW


def passes(what: str, limit: int) -> bool:
    """Count `what` once more in this minute; False beyond `limit`.

    Without Redis everything passes: a limit that can't be counted must not stop the work. While it is silent it is
    asked every SILENT_SECONDS only, for each question takes its time and holds a connection to the database.
    """
    global _silent_until
    if time.monotonic() < _silent_until:
        return True
    try:
        return _counted(f"{what}:{int(timezone.now().timestamp()) // WINDOW}") <= limit
    except RedisError as error:
        _silent_until = time.monotonic() + SILENT_SECONDS
        log.warning("Limits are not counted", extra={"error": repr(error)})
        return True


def _counted(key: str) -> int:
    try:
        return cache.incr(key)
    except ValueError:  # the first of this minute
        return 1 if cache.add(key, 1, timeout=WINDOW * 2) else cache.incr(key)
