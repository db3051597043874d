"""What is counted in Redis stops nobody while Redis is gone or silent."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.utils import timezone
from redis.exceptions import TimeoutError as RedisTimeoutError

from apps.accounts import rate_limits

pytestmark = pytest.mark.req("FLT-38")


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(rate_limits.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(rate_limits, "_silent_until", 0.0)
    return now


@pytest.fixture
def minute(monkeypatch):
    """It does not turn meanwhile, and what counts is not late."""
    now = [timezone.now()]
    monkeypatch.setattr(rate_limits.timezone, "now", lambda: now[0])
    monkeypatch.setattr(rate_limits, "cache", LocMemCache("limits", {}))
    rate_limits.cache.clear()
    return now


def test_beyond_the_limit_is_refused_until_the_minute_turns(clock, minute):
    assert [rate_limits.passes("tries:1", 2) for _ in range(3)] == [True, True, False]
    assert rate_limits.passes("tries:another", 2)
    minute[0] += timedelta(seconds=rate_limits.WINDOW)
    assert [rate_limits.passes("tries:1", 2) for _ in range(3)] == [True, True, False]


def test_silent_redis_is_asked_once_in_five_seconds_and_everything_passes(clock, monkeypatch):
    asked = []

    def silent(key: str) -> int:
        asked.append(key)
        raise RedisTimeoutError("Timeout reading from socket")

    monkeypatch.setattr(cache, "incr", silent)
    assert all(rate_limits.passes("tries:2", 0) for _ in range(20))
    assert len(asked) == 1
    clock[0] += rate_limits.SILENT_SECONDS + 0.1
    assert rate_limits.passes("tries:2", 0)
    assert len(asked) == 2
