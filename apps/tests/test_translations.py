"""English and Russian: whole pages, every plural, and each reader in their own language."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from apps.projects.realtime import frames as realtime_frames
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.actions.assign import assign
from apps.tasks.tests.factories import BoardFactory, task_in

pytestmark = pytest.mark.django_db

SUMS = {
    ("en", 1): "One card needs you.",
    ("en", 2): "Two cards need you.",
    ("en", 5): "Five cards need you.",
    ("en", 21): "21 cards need you.",
    ("ru", 1): "1 карточка ждёт вас.",
    ("ru", 2): "2 карточки ждут вас.",
    ("ru", 5): "5 карточек ждут вас.",
    ("ru", 11): "11 карточек ждут вас.",
    ("ru", 21): "21 карточка ждёт вас.",
}


@pytest.fixture
def board():
    return BoardFactory(name="Tidewater", key="TIDE")


@pytest.fixture
def ana(client, board):
    person = MembershipFactory(project=board, user__name="Ana").user
    client.force_login(person)
    return person


def page(client, url: str, language: str) -> str:
    """What `url` shows somebody whose browser speaks `language`; Russian keeps numbers beside their nouns."""
    html = client.get(url, headers={"Accept-Language": language}).content.decode()
    return html.replace("\N{NO-BREAK SPACE}", " ")


def asking(board, count: int) -> None:
    """`count` tasks that need a person."""
    column = board.columns.get(category="doing")
    for _ in range(count):
        task = task_in(column)
        task.status_note = {"state": "you", "code": "uncertain", "facts": {"agent": "Scribe"}}
        task.save(update_fields=["status_note"])


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "Forgotten it?"), ("ru", "Забыли пароль?"), ("ru-RU,en;q=0.5", "Забыли пароль?")]
)
def test_a_stranger_is_greeted_in_their_browsers_language(client, language, sentence):
    html = page(client, reverse("accounts:sign-in"), language)
    assert f'<html lang="{language[:2]}"' in html
    assert sentence in html


@pytest.mark.parametrize(("language", "sentence"), [("en", "Nothing here yet."), ("ru", "Пока пусто.")])
def test_the_board_speaks_its_readers_language(client, board, ana, language, sentence):
    html = page(client, reverse("tasks:board", args=["TIDE"]), language)
    assert f'<html lang="{language}"' in html
    assert sentence in html


@pytest.mark.parametrize(("language", "count"), SUMS)
def test_the_boards_sum_has_the_right_plural(client, board, ana, language, count):
    asking(board, count)
    assert f"<strong>{SUMS[language, count]}</strong>" in page(client, reverse("tasks:board", args=["TIDE"]), language)


def test_texts_name_who_is_meant():
    catalog = (Path(settings.BASE_DIR) / "locale/ru/LC_MESSAGES/django.po").read_text()
    texts = re.findall(r'^msgid(?:_plural)? "(.*)"$', catalog, re.MULTILINE)
    assert [text for text in texts if re.search("somebody|nobody", text, re.IGNORECASE)] == ["nobody"]  # who may merge


def test_a_persons_own_choice_goes_before_their_browsers(client, board, ana):
    chosen = {"name": "Ana", "language": "ru", "theme": "", "density": "normal"}
    client.post(reverse("accounts:preferences"), chosen)
    assert '<html lang="ru"' in page(client, reverse("tasks:board", args=["TIDE"]), "en")


def test_one_change_reaches_each_reader_in_their_own_language(board, ana):
    task = task_in(board.columns.get(category="ready"))
    board.refresh_from_db()
    assign(task, to=ana, by=ana)
    frames = {
        language: realtime_frames.to_json(
            realtime_frames.frame_since(board.pk, board.last_seq, language=language, open_task=task.pk)
        )
        for language in ("en", "ru")
    }
    assert "assigned Ana." in frames["en"]
    assert "назначает исполнителя: Ana." in frames["ru"]
