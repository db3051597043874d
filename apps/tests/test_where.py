"""docs/where.md leads to files that are there."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
ROWS = re.findall(r"^\| (?!I want|---)(.+?) \| (.+?) \| (.+?) \|$", (ROOT / "docs/where.md").read_text(), re.MULTILINE)


def test_where_has_at_least_thirty_changes():
    assert len(ROWS) >= 30
    assert len({change for change, _, _ in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_where_leads_to_files_that_exist(row):
    paths = [path for cell in row[1:] for path in re.findall(r"`([^`]+)`", cell)]
    assert len(paths) >= 2
    assert [path for path in paths if not (ROOT / path).exists()] == []
