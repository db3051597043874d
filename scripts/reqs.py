"""Which numbered criteria (docs/criteria.txt) have tests and which have none: `make reqs`."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("apps", "teamboard", "tests", "integrations")


def main() -> None:
    wanted = (ROOT / "docs/criteria.txt").read_text().split()
    tests = defaultdict(list)
    for path in sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("test_*.py")):
        for name, number in marked_tests(ast.parse(path.read_text())):
            tests[number].append(f"{path.relative_to(ROOT)}::{name}")
    for number in [*wanted, *sorted(set(tests) - set(wanted))]:
        print(f"{number:<6} {len(tests[number])}", *tests[number], sep="\n       " if tests[number] else " ")
    without = [number for number in wanted if not tests[number]]
    print(f"\n{len(wanted) - len(without)} of {len(wanted)} have tests.", "Without:", *without or ["none"])


def marked_tests(module: ast.Module) -> Iterator[tuple[str, str]]:
    """(test or class, number) for each `@pytest.mark.req(…)`, and for a module's `pytestmark`."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            marks = [(node.name, mark) for mark in node.decorator_list]
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
            marks = [("(all)", mark) for mark in getattr(node.value, "elts", [node.value])]
        else:
            continue
        for name, mark in marks:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.req":
                yield from ((name, argument.value) for argument in mark.args)


if __name__ == "__main__":
    main()
