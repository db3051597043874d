"""Each setting of `make test-clock` begins where it says, from whatever day it is started."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.clock.settings import BERLIN, LEAD, SETTINGS

pytestmark = pytest.mark.req("FLT-43")
BEGUN = [
    datetime(2026, 11, 30, 19, 40, tzinfo=UTC),
    datetime(2028, 2, 29, 12, tzinfo=UTC),
    datetime(2027, 3, 28, 0, 59, 30, tzinfo=UTC),
    datetime(2027, 10, 31, 1, 0, tzinfo=UTC),
    datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC),
]


@pytest.mark.parametrize("now", BEGUN)
def test_settings_lie_ahead(now):
    starts = {name: setting.starts(now) for name, setting in SETTINGS.items()}
    assert all(at >= now for at in starts.values())
    assert starts["400-days"] == now + timedelta(days=400)
    assert f"{starts['leap-day']:%m-%d}" == "02-29"
    assert f"{starts['new-year']:%m-%d %H:%M}" == "12-31 23:59"


@pytest.mark.parametrize("now", BEGUN)
@pytest.mark.parametrize(("name", "minutes"), [("clocks-forward", 60), ("clocks-back", -60)])
def test_clocks_of_berlin_are_moved_within_the_run(now, name, minutes):
    before = SETTINGS[name].starts(now)
    after = before + LEAD
    moved = [at.astimezone(ZoneInfo(BERLIN)).utcoffset() for at in (before, after)]
    assert moved[1] - moved[0] == timedelta(minutes=minutes)
    assert SETTINGS[name].zone == BERLIN
