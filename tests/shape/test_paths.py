"""Each step of a life in docs/architecture.md is a function that exists."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
STEP = re.compile(r"^\d+\. `([\w./-]+):([\w.]+)`", re.MULTILINE)


def steps() -> list[tuple[str, str]]:
    text = (ROOT / "docs/architecture.md").read_text()
    return [
        step for life in re.findall(r"^## The life of .*?(?=^## |\Z)", text, re.M | re.S) for step in STEP.findall(life)
    ]


def functions_of(source: str) -> set[str]:
    """The functions of a module, and the methods of its classes as `Class.method`."""
    body = ast.parse(source).body
    methods = {
        f"{node.name}.{each.name}"
        for node in body
        if isinstance(node, ast.ClassDef)
        for each in node.body
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    return methods | {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def exists(path: str, function: str) -> bool:
    file = ROOT / path
    if not file.is_file():
        return False
    if file.suffix == ".py":
        return function in functions_of(file.read_text())
    name = re.escape(function.rpartition(".")[2])
    return bool(re.search(rf"\bfunction {name}\(|\bconst {name} =|^  (?:async )?{name}\(", file.read_text(), re.M))


def test_every_step_of_a_life_exists():
    assert steps(), "docs/architecture.md has no numbered life"
    assert not [f"{path}:{function}" for path, function in steps() if not exists(path, function)]


@pytest.mark.parametrize(
    ("step", "is_there"),
    [
        (("apps/tasks/actions/move.py", "move"), True),
        (("apps/projects/realtime/feed.py", "Feed.read_forward"), True),
        (("apps/tasks/actions/move.py", "shove"), False),
        (("apps/tasks/actions/shove.py", "move"), False),
        (("static/js/realtime/live.js", "applyFrame"), True),
        (("static/js/realtime/live.js", "shove"), False),
    ],
)
def test_a_step_that_is_gone_is_found(step, is_there):
    assert exists(*step) == is_there
