"""A selector names only classes, ids and data attributes that a page can have.

What a page can have is read from the sources: attributes in templates, strings in scripts and Python. A name whose end
is put in later (`note--{{ state }}`, `icon--{size}`) counts by its beginning, where its end is a word of the sources.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import django
import pytest
from django.conf import settings
from pygments.token import STANDARD_TYPES

ROOT = settings.BASE_DIR
SHEETS = sorted((ROOT / "static/css").glob("*.css"))
OURS = [ROOT / name for name in ("templates", "static/js", "static/vendor", "apps", "teamboard")]
DJANGO = Path(django.__file__).parent
DJANGOS = [DJANGO / name for name in ("contrib/admin", "contrib/messages", "forms")]
NAME = r"[A-Za-z][\w-]*"
QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|`(?:[^`\\]|\\.)*`')
CLASS_OR_ID = re.compile(
    r'\s(?:class|id)="((?:\{%.*?%\}|\{\{.*?\}\}|[^"{])*)"|\{% block bodyclass %\}(.*?)\{% endblock %\}'
)
TEMPLATE_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}")


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_selectors_name_only_what_a_page_can_have(sheet):
    assert unused_in(sheet.read_text(), *written(is_admin=sheet.name == "admin.css")) == set()


@pytest.mark.parametrize(
    ("rule", "unused"),
    [
        (".card, .no-such-card { color: red }", {".no-such-card"}),
        (".note--failed, .note--no-such-state {}", {".note--no-such-state"}),
        (
            "@media print { .card:not(#no-such-id) { color: red; .no-such-child {} } }",
            {"#no-such-id", ".no-such-child"},
        ),
        (".card[data-no-such] > [data-done] {}", {"[data-no-such]"}),
        ('[data-hue="rose"], [data-hue="no-such-hue"] {}', {'[data-hue="no-such-hue"]'}),
        ("/* .no-such-card {} */ .card { background: url(no.such.file) }", set()),
    ],
)
def test_selectors_that_no_page_can_match_are_found(rule, unused):
    assert unused_in(rule, *written()) == unused


def unused_in(css: str, names: set[str], words: set[str]) -> set[str]:
    begun = [name for name in names if name.endswith("-")]

    def is_written(name: str) -> bool:
        return name in names or any(name.startswith(part) and name.removeprefix(part) in words for part in begun)

    return {shown for shown, name, value in named_in(css) if not is_written(name) or (value and value not in words)}


def named_in(css: str) -> Iterator[tuple[str, str, str]]:
    """Each name as the selector writes it, the name alone, and the value that an attribute must have."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    for selector in re.findall(r"([^{};]+)\{", css):
        if selector.lstrip().startswith("@"):
            continue
        for kind, name in re.findall(rf"([.#])({NAME})", re.sub(r"\[.*?\]", "", selector)):
            yield kind + name, name, ""
        yield from re.findall(r'(\[(data-[\w-]+)(?:[~|^$*]?="([^"]*)")?\])', selector)


@cache
def written(*, is_admin: bool = False) -> tuple[set[str], set[str]]:
    """The names of classes, ids and data attributes, and the words that can end such a name or be a value."""
    names, words = set(), set(STANDARD_TYPES.values())
    for path in sources([*OURS, *DJANGOS] if is_admin else OURS):
        for has_names, text in READERS[path.suffix](path.read_text()):
            words.update(re.findall(r"[\w-]+", text))
            if has_names or path.is_relative_to(DJANGO):
                names.update(re.findall(rf"(?<![\w.#\[-]){NAME}", text))
    return names - {"data-"}, words


def sources(folders: list[Path]) -> Iterator[Path]:
    for folder in folders:
        found = (path for path in folder.rglob("*") if path.suffix in READERS)
        yield from (path for path in found if not {"tests", "migrations"} & set(path.relative_to(folder).parts))


def in_markup(text: str) -> Iterator[tuple[bool, str]]:
    """Each text with whether it holds names, or only words that may become a part of one."""
    for attribute in re.findall(r"\sdata-[\w-]+", text):
        yield True, attribute
    for value, block in CLASS_OR_ID.findall(text):
        yield True, TEMPLATE_TAG.sub(" ", value or block)
    for tag in TEMPLATE_TAG.findall(text):
        yield False, " ".join(re.findall(r'"([\w-]+)"', tag))


def in_script(text: str) -> Iterator[tuple[bool, str]]:
    for string in QUOTED.findall(text):
        yield True, string
    for name in re.findall(r"dataset\.(\w+)", text):
        yield True, "data-" + re.sub("[A-Z]", lambda letter: f"-{letter[0].lower()}", name)


def in_python(text: str) -> Iterator[tuple[bool, str]]:
    """Markup, and names with a hyphen or two underscores; a plain word of Python is seldom a class."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if "=" in node.value:
            yield from in_markup(node.value)
        elif re.fullmatch(r"[A-Za-z_][\w-]*", node.value.strip()):
            yield "-" in node.value or "__" in node.value, node.value


READERS = {".html": in_markup, ".js": in_script, ".py": in_python}
