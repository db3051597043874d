"""Static files as production serves them."""

import re
from pathlib import Path

from django.core.management import call_command


def test_modules_are_imported_by_the_name_pages_load(tmp_path, settings):
    settings.STATIC_ROOT = tmp_path
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "teamboard.web.static.HashedModules"}}
    call_command("collectstatic", interactive=False, verbosity=0)
    js = tmp_path / "js"
    imported = set()
    for module in hashed(js):
        found = re.findall(r'^(?:import|export).*"(\.{1,2}/.+)"', module.read_text(), re.MULTILINE)
        imported |= {(module.parent / name).resolve().relative_to(js) for name in found}
    assert imported
    assert imported <= {module.relative_to(js) for module in hashed(js)}


def hashed(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.js") if re.search(r"\.[0-9a-f]{12}\.js$", path.name)]
