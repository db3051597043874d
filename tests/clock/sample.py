"""Which tests have to do with time, by what stands in them: nobody has to keep a list."""

import ast
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BROWSER = "tests/e2e"
SLOW = ("tests/faults", "teamboard/launch")  # they start whole houses: with FULL=1
READS_TIME = re.compile(r"\b(?:datetime|timedelta|timezone|timezone_id|ZoneInfo|Now)\b|\b20\d\d-\d\d-\d\d|_at=|\bnow=")
NAMES_A_DAY = re.compile(
    r"\b20\d\d-\d\d-\d\d|\b(?:January|February|April|June|July|August|September|October|November|December)\b"
    r"|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|\b(?:Today|Yesterday)\b|FLT-43"
)


def files(*, of_browser: bool) -> Iterator[Path]:
    for folder in ("apps", "teamboard", "tests"):
        for path in sorted((ROOT / folder).rglob("test_*.py")):
            name = path.relative_to(ROOT).as_posix()
            left_out = name.startswith(("tests/openclaw", "tests/certified"))
            if name.startswith(BROWSER) == of_browser and not left_out:
                yield path


def of_suite() -> list[str]:
    """The files that read the time anywhere: what a test calls often does it for it."""
    found = [path for path in files(of_browser=False) if READS_TIME.search(path.read_text())]
    return [name for path in found if not (name := path.relative_to(ROOT).as_posix()).startswith(SLOW)]


def of_browser(*, is_full: bool = False) -> list[str]:
    """Single tests, for they are slow; in full also the first of each file."""
    found = [name for path in files(of_browser=True) for name in tests_in(path, READS_TIME, NAMES_A_DAY)]
    first = [name for path in files(of_browser=True) for name in islice(tests_in(path, re.compile("")), 1)]
    return list(dict.fromkeys(found + first * is_full))


def quick(*, of_browser: bool) -> list[str]:
    """The tests that name a day: those that tell soonest that time has passed."""
    return [name for path in files(of_browser=of_browser) for name in tests_in(path, NAMES_A_DAY)]


def tests_in(path: Path, *marks: re.Pattern) -> Iterator[str]:
    """pytest's names of the tests in whose own lines, decorators included, one of `marks` is found."""
    source = path.read_text()
    lines, name = source.splitlines(), path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    for names, node in functions_in(ast.parse(source)):
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        own = "\n".join(lines[first - 1 : node.end_lineno])
        if any(mark.search(own) for mark in marks):
            yield "::".join([name, *names])


def functions_in(module: ast.Module) -> Iterator[tuple[list[str], ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in module.body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        for each in inner:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name.startswith("test_"):
                yield ([node.name] if node is not each else []) + [each.name], each
