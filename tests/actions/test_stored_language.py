"""What an action stores is the same whatever language its caller speaks: codes, facts, people's own words."""

import re
from copy import deepcopy

import pytest
from django.apps import apps
from django.db import models
from django.utils import translation

from tests.actions.calls import CALLS
from tests.actions.test_stale_rows import trying
from tests.authz.cast import world

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-18"), pytest.mark.queue_off]
CYRILLIC = re.compile("[а-яё]|\\\\u04", re.IGNORECASE)  # noqa: RUF001
TEXTS = (models.CharField, models.TextField, models.JSONField, models.BinaryField)
# Named once, in the language of whoever made the project, and people's own from then on.
NAMES = {("tasks.Column", "name")}


def stored() -> set[tuple[str, str, str]]:
    """Every text of every row that has Cyrillic letters, with its model and column."""
    return {
        (model._meta.label, field.name, shown)
        for model in apps.get_models()
        if model._meta.managed and not model._meta.proxy
        for field in model._meta.concrete_fields
        if isinstance(field, TEXTS) and (model._meta.label, field.name) not in NAMES
        for value in model._base_manager.values_list(field.name, flat=True)
        if CYRILLIC.search(shown := text_of(value))
    }


def text_of(value: object) -> str:
    return bytes(value).decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value)


@pytest.mark.parametrize("app", sorted({each.app for each in CALLS}))
def test_action_stores_no_sentence_in_its_callers_language(app):
    w, found = world("TB"), {}
    for call in (each for each in CALLS if each.app == app):
        with trying():
            _rows, act = call.make_ready(deepcopy(w))
            with translation.override("ru"):
                act()
            found[call.action] = stored()
    assert not {action: rows for action, rows in found.items() if rows}


def test_what_counts_as_stored(db):
    w = world("TB")
    assert not stored()
    w.task.title = "Ж"
    w.task.save(update_fields=["title"])
    assert stored() == {("tasks.Task", "title", "Ж")}
