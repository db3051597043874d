import re

import pytest
from django.utils import translation

from apps.tasks.board import cards
from apps.tasks.models import Task
from apps.tasks.tests.factories import task_in

pytestmark = pytest.mark.django_db


@pytest.mark.req("FLT-26")
def test_card_is_rendered_in_each_readers_language(board, columns):
    task = task_in(columns["doing"])
    note = {"state": "you", "code": "uncertain", "facts": {"agent": "Scribe"}}
    Task.objects.filter(pk=task.pk).update(status_note=note)
    (row,) = cards.of_tasks(board, [task.pk])
    html = {}
    for language in ("en", "ru"):
        with translation.override(language):
            html[language] = cards.render(board.key, row, {})
    assert [bool(re.search("[а-я]", html[language])) for language in ("en", "ru")] == [False, True]  # noqa: RUF001
