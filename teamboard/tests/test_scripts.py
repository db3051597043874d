"""The scripts and what the server hands them."""

import re
from collections.abc import Callable

import pytest
from django.conf import settings

from apps.chat.js_messages import room_messages
from apps.tasks.board.js_messages import board_words

SCRIPTS = settings.BASE_DIR / "static/js"
WORDS = (SCRIPTS / "page/words.js").read_text()
REFUSALS = (SCRIPTS / "realtime/refusals.js").read_text()


def typed_in(script: str, name: str) -> set[str]:
    """The keys of the typedef of that name, with those that it takes from the refusals."""
    typed = re.search(r"@typedef \{Record<([^>]+), string>\} " + name, script)
    assert typed
    keys = set(re.findall(r'"(\w+)"', typed[1]))
    return keys | typed_in(REFUSALS, "Words") if "keyof RefusalWords" in typed[1] else keys


@pytest.mark.parametrize(("name", "words"), [("BoardWords", board_words), ("ChatWords", room_messages)])
def test_scripts_know_the_words_that_the_page_has(name: str, words: Callable[[], dict[str, str]]):
    assert typed_in(WORDS, name) == set(words())


def test_no_test_is_served_as_a_static_file():
    assert not [path for path in SCRIPTS.rglob("*") if "test" in path.name]
