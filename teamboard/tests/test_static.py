"""Static files as production serves them."""

import re
from pathlib import Path

from django.core.management import call_command


def test_every_module_is_imported_by_the_name_that_pages_load_it_by(tmp_path, settings):
    settings.STATIC_ROOT = tmp_path
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "teamboard.static.HashedModules"}}
    call_command("collectstatic", interactive=False, verbosity=0)
    imported = set()
    for module in hashed(tmp_path / "js"):
        imported |= set(re.findall(r'^import.*"\./(.+)"', module.read_text(), re.MULTILINE))
    names = {module.name for module in hashed(tmp_path / "js")}
    assert imported
    assert imported <= names


def hashed(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.js") if re.search(r"\.[0-9a-f]{12}\.js$", path.name)]
