"""The shape of the code in figures, each with the goal it has to meet: `make shape`, and tests that keep it so.

Everything here reads the sources as text or syntax trees; nothing of the product is imported or run.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[2]
MOST_FILES = 15  # Python files in a folder, tests and migrations aside
# The names that Django and the field give to files, so they may stand in any folder.
STANDARD_NAMES = {
    *("__init__", "admin", "api", "apps", "conftest", "errors", "forms", "jobs", "models", "queries", "render"),
    *("serializers", "urls", "views"),
    *("audit_log", "js_messages"),  # one of each an app: what it tells the audit, and its scripts
}
NO_ROW = re.compile(r"form|request\.session")  # what has a save() of its own
NOT_PRODUCT = re.compile(r"(^|[./])(tests|migrations)([./]|$)|conftest")


@dataclass(frozen=True)
class Figure:
    """What was measured, and whether it meets its goal; `found` are the places to look at."""

    name: str
    value: int
    goal: str
    is_met: bool
    found: list[str] = field(default_factory=list)


def sources(*folders: str) -> Iterator[Path]:
    """The product's Python files below `folders`, without tests and migrations."""
    for folder in folders or ("apps", "teamboard"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not NOT_PRODUCT.search(str(path.relative_to(ROOT))):
                yield path


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def import_circles() -> Figure:
    """Modules that import each other in a circle, imports inside functions included."""
    graph = grimp.build_graph("apps", "teamboard", cache_dir=None)
    arrows = {
        module: [other for other in graph.find_modules_directly_imported_by(module) if not NOT_PRODUCT.search(other)]
        for module in graph.modules
        if not NOT_PRODUCT.search(module)
    }
    found = [" ↔ ".join(sorted(circle)) for circle in circles_in(arrows)]
    return Figure("import circles", len(found), "0", not found, found)


def circles_in(arrows: dict[str, list[str]]) -> list[list[str]]:
    """The groups of more than one node that all reach each other (Tarjan's algorithm)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = lowest[node] = len(order)
        stack.append(node)
        for other in arrows.get(node, ()):
            if other not in order:
                visit(other)
                lowest[node] = min(lowest[node], lowest[other])
            elif other in stack:
                lowest[node] = min(lowest[node], order[other])
        if lowest[node] == order[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                found.append(stack[at:])
            del stack[at:]

    for node in arrows:
        if node not in order:
            visit(node)
    return found


def crowded_folders() -> Figure:
    count: dict[Path, int] = defaultdict(int)
    for path in sources():
        count[path.parent] += 1
    found = [f"{name_of(folder)}: {files}" for folder, files in count.items() if files > MOST_FILES]
    return Figure(f"folders with more than {MOST_FILES} Python files", len(found), "0", not found, found)


def participles() -> Figure:
    """Modules named by an -ing form; a few are nouns of the trade."""
    found = [name_of(path) for path in sources("apps") if re.fullmatch(r"[a-z_]+ing", path.stem)]
    return Figure("modules named by an -ing form", len(found), "≤ 3", len(found) <= 3, found)


def repeated_names() -> Figure:
    """Base names that stand for two things: neither a standard name nor an action named as its function."""
    places: dict[str, list[Path]] = defaultdict(list)
    for path in sources("apps"):
        if path.stem not in STANDARD_NAMES and not is_command(path) and not is_action(path):
            places[path.stem].append(path)
    found = [", ".join(map(name_of, paths)) for paths in places.values() if len(paths) > 1]
    return Figure("base names that stand twice", len(found), "0", not found, found)


def is_command(path: Path) -> bool:
    return path.parent.name == "commands"


def is_action(path: Path) -> bool:
    """Whether a module defines a function of its own name: the word for an action is the same for every noun."""
    return any(
        isinstance(node, ast.FunctionDef) and node.name == path.stem for node in ast.parse(path.read_text()).body
    )


def status_updates() -> Figure:
    """Changes of a run's status outside of the one table of its life."""
    found = [
        place
        for path in sources("apps/agents")
        if path.stem != "lifecycle"
        for place in places_in(path, changes_status)
    ]
    return Figure("changes of a run's status outside lifecycle.py", len(found), "0", not found, found)


def changes_status(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        is_change = node.func.attr in ("update", "bulk_update", "update_or_create")
        return is_change and any(keyword.arg == "status" for keyword in node.keywords)
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(target, ast.Attribute) and target.attr == "status" for target in targets)


def whole_row_saves() -> Figure:
    """`row.save()` that says neither which fields it writes nor that the row is new: it would undo others' changes."""
    found = [place for path in sources() for place in places_in(path, saves_whole_row)]
    return Figure(".save() without update_fields", len(found), "0", not found, found)


def saves_whole_row(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "save"):
        return False
    on = node.func.value
    is_row = not (isinstance(on, ast.Call) and ast.unparse(on.func) == "super") and not NO_ROW.search(ast.unparse(on))
    says = {keyword.arg for keyword in node.keywords}
    return is_row and not node.args and not says & {"update_fields", "force_insert"}


def type_ignores() -> Figure:
    """`# type: ignore[…]` in the product; each says why behind it."""
    lines = [
        (f"{name_of(path)}:{number}", line)
        for path in sources()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if "# type: ignore" in line
    ]
    without = [place for place, line in lines if not re.search(r"# type: ignore\[[\w, -]+\]  # \S.{8,}", line)]
    return Figure(
        "type ignores (without a reason: none)", len(lines), "≤ 30", len(lines) <= 30 and not without, without
    )


def script_tests() -> Figure:
    """Unit tests of the browser's scripts, by node's own runner."""
    paths = (ROOT / "tests/js").rglob("*.test.js")
    count = sum(len(re.findall(r"^\s*(?:test|it)\(", path.read_text(), re.MULTILINE)) for path in paths)
    return Figure("unit tests of scripts", count, "≥ 40", count >= 40)


def places_in(path: Path, is_meant: Callable[[ast.AST], bool]) -> list[str]:
    """`file:line` of each node that `is_meant`."""
    tree = ast.parse(path.read_text())
    return [f"{name_of(path)}:{node.lineno}" for node in ast.walk(tree) if is_meant(node)]


def path_lengths() -> list[Figure]:
    """How many files a move and a run pass, by the numbered lists of docs/architecture.md."""
    text = (ROOT / "docs/architecture.md").read_text()
    return [
        _path_length(text, "The life of a move", 12),
        _path_length(text, "The life of a run", 14),
    ]


def _path_length(text: str, heading: str, most: int) -> Figure:
    section = re.search(rf"^#+ {heading}$(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    files = set(re.findall(r"^\d+\. `([\w./-]+):[\w.]+`", section[1] if section else "", re.MULTILINE))
    return Figure(f"files in “{heading}”", len(files), f"1 to {most}", 0 < len(files) <= most)


MEASURES: list[Callable[[], Figure]] = [
    *(import_circles, crowded_folders, participles, repeated_names, status_updates, whole_row_saves),
    *(type_ignores, script_tests),
]


def figures() -> list[Figure]:
    return [*(measure() for measure in MEASURES), *path_lengths()]
