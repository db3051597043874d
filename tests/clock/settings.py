"""The times and zones in which the suite must pass as it does here and now."""

from calendar import isleap
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

BERLIN = "Europe/Berlin"
HOUR = timedelta(hours=1)
LEAD = timedelta(minutes=1)  # in which services start, so that the tests run through the moment


class Setting(NamedTuple):
    starts: Callable[[datetime], datetime]  # when it is to begin, at the given time
    zone: str = "UTC"  # the machine's, and so the browser's


def in_days(days: int) -> Callable[[datetime], datetime]:
    return lambda now: now + timedelta(days=days)


def leap_day(now: datetime) -> datetime:
    year = next(year for year in range(now.year + 1, now.year + 9) if isleap(year))
    return datetime(year, 2, 29, 12, tzinfo=UTC)


def new_year(now: datetime) -> datetime:
    return datetime((now + LEAD).year + 1, 1, 1, tzinfo=UTC) - LEAD


def clocks(step: timedelta) -> Callable[[datetime], datetime]:
    """Just before Berlin's clocks are moved by `step`."""

    def starts(now: datetime) -> datetime:
        hour = now.replace(minute=0, second=0, microsecond=0) + HOUR
        while offset_of(hour + HOUR) - offset_of(hour) != step:
            hour += HOUR
        return hour + HOUR - LEAD

    return starts


def offset_of(at: datetime) -> timedelta:
    return at.astimezone(ZoneInfo(BERLIN)).utcoffset()


SETTINGS = {
    "10-days": Setting(in_days(10)),
    "400-days": Setting(in_days(400)),
    "leap-day": Setting(leap_day),
    "clocks-forward": Setting(clocks(HOUR), BERLIN),
    "clocks-back": Setting(clocks(-HOUR), BERLIN),
    "new-year": Setting(new_year),
    "kathmandu": Setting(in_days(0), "Asia/Kathmandu"),
    "st-johns": Setting(in_days(0), "America/St_Johns"),
}
