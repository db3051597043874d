"""Rows that were written with former words."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.db import connection

from apps.projects.models import Event

pytestmark = pytest.mark.django_db
words_in_rows = import_module("apps.tasks.migrations.0007_words_in_rows")
REASON = {"code": "open", "number": 7, "name": "harbour"}
BEFORE = [
    ("task.moved", {"columns": [1, 2], "because": REASON}),
    ("task.moved", {"columns": [2, 1]}),
    ("task.held", {"because": REASON, "open": 2}),
    ("task.linked", {"link": "request", "ref": "7"}),
    ("task.linked", {"link": "commit", "ref": "abc"}),
    ("comment.created", {"comment": 1, "link": "request"}),
]
AFTER = [
    ("task.moved", {"columns": [1, 2], "reason": REASON}),
    ("task.moved", {"columns": [2, 1]}),
    ("task.kept_open", {"reason": REASON, "open_subtasks": 2}),
    ("task.linked", {"link": "pull_request", "ref": "7"}),
    ("task.linked", {"link": "commit", "ref": "abc"}),
    ("comment.created", {"comment": 1, "link": "request"}),
]


def events() -> list[tuple[str, dict]]:
    return list(Event.objects.order_by("seq").values_list("kind", "payload"))


def test_migration_renames_words_in_events_and_back(board, monkeypatch):
    monkeypatch.setattr(words_in_rows, "BATCH", 2)
    Event.objects.bulk_create(
        Event(project=board, seq=seq, kind=kind, payload=payload) for seq, (kind, payload) in enumerate(BEFORE, 1)
    )
    editor = SimpleNamespace(connection=connection)
    for _ in range(2):  # it can run again
        words_in_rows.in_batches(words_in_rows.FORWARDS)(None, editor)
        assert events() == AFTER
    words_in_rows.in_batches(words_in_rows.BACKWARDS)(None, editor)
    assert events() == BEFORE
