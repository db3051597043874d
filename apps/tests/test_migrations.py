"""Migrations stand still while the code moves on."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

MIGRATIONS = sorted(Path(settings.BASE_DIR, "apps").glob("*/migrations/[0-9]*.py"))


def imported_by(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


def test_migrations_are_found():
    assert len(MIGRATIONS) >= 30


@pytest.mark.parametrize("path", MIGRATIONS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_migration_imports_no_code_of_the_board(path: Path):
    """A module that moves or changes must not change what an old migration does."""
    own = {name for name in imported_by(path) if name.startswith((".", "apps.", "teamboard")) or name == "apps"}
    assert not own
