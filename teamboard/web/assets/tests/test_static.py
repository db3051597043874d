"""Static files as production serves them."""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from teamboard.web.assets import bundles


@pytest.fixture
def collect(tmp_path, settings) -> Callable[..., None]:
    settings.STATIC_ROOT = tmp_path
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "teamboard.web.assets.static.HashedModules"}}
    return lambda **options: call_command("collectstatic", interactive=False, verbosity=0, **options)


def test_modules_are_imported_by_the_name_pages_load(tmp_path, settings, collect):
    settings.ESBUILD = "/nonexistent/esbuild"
    collect()
    js = tmp_path / "js"
    imported = set()
    for module in hashed(js):
        found = re.findall(r'^(?:import|export).*"(\.{1,2}/.+)"', module.read_text(), re.MULTILINE)
        imported |= {(module.parent / name).resolve().relative_to(js) for name in found}
    assert imported
    assert imported <= {module.relative_to(js) for module in hashed(js)}


def hashed(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.js") if re.search(r"\.[0-9a-f]{12}\.js$", path.name)]


def test_every_stylesheet_and_module_of_a_page_is_bundled():
    static, templates = settings.BASE_DIR / "static", settings.BASE_DIR / "templates"
    styles = {f"css/{path.name}" for path in (static / "css").glob("*.css")} - {"css/admin.css"}
    assert {*bundles.STYLESHEETS, bundles.PRINT_STYLESHEET} == styles
    pages = "".join(path.read_text() for path in templates.rglob("*.html") if "admin" not in path.parts)
    assert set(re.findall(r"static '(js/[^']+)'", pages)) == set(bundles.MODULES)


@pytest.mark.skipif(
    not shutil.which(settings.ESBUILD) and os.environ.get("CI") != "true", reason="no esbuild: scripts/javascript lint"
)
def test_bundles_are_the_same_when_they_are_collected_again(tmp_path, collect):
    def names() -> dict:
        return json.loads((tmp_path / "staticfiles.json").read_text())["paths"]

    collect()
    first = names()
    collect()
    assert names() == first
    assert "../shared/" in (tmp_path / first["js/board/board_page.js"]).read_text()


def test_modules_stay_as_they_are_without_esbuild(tmp_path, collect, settings):
    settings.ESBUILD = "/nonexistent/esbuild"
    collect()
    names = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    assert "./board." in (tmp_path / names["js/board/board_page.js"]).read_text()
    assert "@media print" in (tmp_path / names[bundles.STYLESHEET]).read_text()


def test_dry_run_writes_nothing(tmp_path, collect):
    collect(dry_run=True)
    assert list(tmp_path.iterdir()) == []
