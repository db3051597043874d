"""The clocks that people's browsers name, on a machine that has as few zones as a slim image."""

import os
import shutil
import subprocess
import sys
import zoneinfo
from importlib.resources import files
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.req("FLT-9")
# Names that browsers send and that Debian 13 and Ubuntu 24.04 keep in tzdata-legacy.
OF_BROWSERS = [
    "Africa/Asmera",
    "America/Buenos_Aires",
    "America/Catamarca",
    "America/Coral_Harbour",
    "America/Cordoba",
    "America/Godthab",
    "America/Indianapolis",
    "America/Jujuy",
    "America/Louisville",
    "America/Mendoza",
    "Asia/Calcutta",
    "Asia/Katmandu",
    "Asia/Rangoon",
    "Asia/Saigon",
    "Atlantic/Faeroe",
    "Europe/Kiev",
    "Pacific/Enderbury",
    "Pacific/Ponape",
    "Pacific/Truk",
    "US/Eastern",
]
SHOW = """
import sys
from django.conf import settings
settings.configure()
from apps.accounts.users import time_zones
import zoneinfo, datetime
print(*(name for name in sys.argv[1:] if name not in time_zones.known()))
at = datetime.datetime(2026, 7, 1)
print(*(str(zoneinfo.ZoneInfo(name).utcoffset(at)).replace(" ", "") for name in sys.argv[1:]))
"""


def shown(folder: Path, *names: str) -> list[str]:
    """Which of `names` are unknown with the zones of `folder`, and how far each is from UTC."""
    own = os.environ | {"PYTHONTZPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", SHOW, *names],
        cwd=settings.BASE_DIR,
        env=own,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def slim(tmp_path) -> Path:
    """All zones but the older names, as in the image's base."""
    everything = Path(str(files("tzdata"))) / "zoneinfo"
    folder = tmp_path / "zoneinfo"
    shutil.copytree(everything, folder, ignore=lambda path, names: {name for name in names if name.endswith(".py")})
    for name in OF_BROWSERS:
        (folder / name).unlink()
    return folder


def test_zones_of_browsers_are_known_on_slim_image(slim, tmp_path):
    expected = {
        "Asia/Calcutta": "5:30:00",
        "Europe/Kiev": "3:00:00",
        "Asia/Saigon": "7:00:00",
        "Asia/Rangoon": "6:30:00",
    }
    for folder in (slim, tmp_path / "nothing"):
        unknown, offsets = shown(folder, *OF_BROWSERS)
        assert unknown == ""
        by_name = dict(zip(OF_BROWSERS, offsets.split(), strict=True))
        assert {name: by_name[name] for name in expected} == expected


def test_zone_names_are_required_of_every_image():
    """Not only where another package happens to want them, as on Windows."""
    locked = (settings.BASE_DIR / "requirements.txt").read_text()
    line = next(line for line in locked.splitlines() if line.startswith("tzdata=="))
    assert line.endswith("\\")
    assert ";" not in line
    assert zoneinfo.ZoneInfo("Asia/Calcutta")
