"""Whatever an action did, and whoever asked for it: each column's count is that of its tasks."""

from contextlib import suppress
from copy import deepcopy

import pytest

from apps.errors import Refused
from apps.tasks.board import column_counts
from apps.tasks.models import Column
from tests.actions.calls import CALLS
from tests.actions.test_stale_rows import trying
from tests.authz.cast import world

pytestmark = [pytest.mark.django_db, pytest.mark.queue_off]


def counts() -> list[int]:
    return list(Column.objects.order_by("pk").values_list("task_count", flat=True))


def test_counts_are_right_after_every_action():
    w, changing = world("TB"), set()
    assert sum(counts()) > 0
    for call in CALLS:
        with trying():
            _rows, act = call.make_ready(deepcopy(w))
            before = counts()
            with suppress(Refused):
                act()
            assert column_counts.wrong_counts() == [], call.action
            if counts() != before:
                changing.add(call.action)
    assert {"apps.tasks.actions.create.create", "apps.tasks.actions.move.move"} <= changing
