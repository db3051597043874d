"""docs/extension-points.md names every registry and every call that fills one when Team Board starts."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
DOCUMENT = ROOT / "docs" / "extension-points.md"
FUNCTION = re.compile(r"^\| `(register_\w+)` \| `([\w/]+\.py)` \|", re.MULTILINE)
SECTION = re.compile(r"^### apps\.(\w+)$(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"^- `(.+)`$", re.MULTILINE)
# What a process remembers for a while. Nothing is registered there: each is emptied, or starts anew, while it runs.
CACHES = {
    ("apps/accounts/oidc/jwks.py", "_kept"),
    ("apps/accounts/oidc/provider.py", "_discoveries"),
    ("apps/projects/realtime/feed.py", "_feeds"),
    ("teamboard/worker/clock.py", "_last_run"),
}
ADDING = {"append", "extend", "insert", "add", "update", "setdefault", "appendleft"}
CONTAINERS = {"dict", "list", "set", "defaultdict", "OrderedDict", "deque", "Counter"}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for folder in ("apps", "teamboard"):
        for path in sorted((ROOT / folder).glob("**/*.py")):
            if not {"tests", "migrations"} & set(path.parts) and path.name != "conftest.py":
                yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def functions_in_code() -> set[tuple[str, str]]:
    return {
        (node.name, path)
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("register_")
    }


def name_called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def calls_in_code() -> set[tuple[str, str]]:
    """The app and the call, as it stands in its `ready()`."""
    return {
        (path.split("/")[1], ast.unparse(call))
        for path, tree in sources()
        if path.endswith("/apps.py")
        for method in ast.walk(tree)
        if isinstance(method, ast.FunctionDef) and method.name == "ready"
        for call in ast.walk(method)
        if name_called(call).startswith("register_")
    }


def calls_in_document() -> set[tuple[str, str]]:
    return {(app, call) for app, section in SECTION.findall(DOCUMENT.read_text()) for call in CALL.findall(section)}


def containers_of(tree: ast.Module) -> set[str]:
    """The names that a module binds to a dict, a list or a set which can grow."""
    found = set()
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        is_container = isinstance(value, ast.Dict | ast.List | ast.Set | ast.DictComp | ast.ListComp | ast.SetComp)
        if is_container or name_called(value).removeprefix("collections.") in CONTAINERS:
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def grown_by(function: ast.AST) -> Iterator[str]:
    """The names of what a function adds to: by a method, an item or an operator."""
    for node in ast.walk(function):
        if name_called(node) in ADDING and isinstance(node.func, ast.Attribute):
            yield root_of(node.func.value)
        elif isinstance(node, ast.Assign):
            yield from (root_of(target) for target in node.targets if isinstance(target, ast.Subscript))
        elif isinstance(node, ast.AugAssign):
            yield root_of(node.target)


def root_of(node: ast.AST) -> str:
    """`_handlers` of `_handlers[kind]`."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def growing_otherwise(path: str, tree: ast.Module) -> Iterator[str]:
    containers = {name for name in containers_of(tree) if (path, name) not in CACHES}
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if not function.name.startswith("register_"):
            own = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and is_bound(node)}
            yield from (
                f"{path}: {function.name} adds to {name}" for name in grown_by(function) if name in containers - own
            )


def is_bound(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def test_document_names_every_registry():
    assert set(FUNCTION.findall(DOCUMENT.read_text())) == functions_in_code()


def test_document_names_every_registration():
    assert calls_in_document() == calls_in_code()


def test_every_registration_is_of_a_registry():
    names = {name for name, _path in functions_in_code()}
    used = {name_called(ast.parse(call).body[0].value) for _app, call in calls_in_code()}
    assert used == names


def test_registries_grow_by_register_functions_only():
    assert [line for path, tree in sources() for line in growing_otherwise(path, tree)] == []


def test_growth_by_another_function_is_found():
    """The heuristic itself, since nothing in the code may show it."""
    tree = ast.parse(
        "kept: dict = {}\nrows = []\ndef says(k, v):\n    kept[k] = v\ndef draws(v):\n    rows.append(v)\n"
    )
    assert list(growing_otherwise("a.py", tree)) == ["a.py: says adds to kept", "a.py: draws adds to rows"]
    tree = ast.parse(
        "kept: dict = {}\ndef register_it(k, v):\n    kept[k] = v\ndef own():\n    kept = {}\n    kept[1] = 2\n"
    )
    assert list(growing_otherwise("a.py", tree)) == []
