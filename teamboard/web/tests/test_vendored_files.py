"""What lies in static/vendor is what `make vendor` took from npm."""

import hashlib
import json

import pytest
from django.conf import settings

VENDOR = settings.BASE_DIR / "static/vendor"
LOCKED = json.loads((VENDOR / "vendor.lock").read_text())


@pytest.mark.parametrize("entry", LOCKED, ids=[entry["name"] for entry in LOCKED])
def test_a_vendored_file_is_the_locked_one_without_a_source_map(entry):
    code = (VENDOR / entry["file"]).read_bytes()
    assert hashlib.sha256(code).hexdigest() == entry["sha256"]
    assert b"sourceMappingURL" not in code


def test_every_vendored_script_is_locked():
    assert {path.name for path in VENDOR.glob("*.js")} == {entry["file"] for entry in LOCKED}


def test_every_vendored_package_has_its_licence_beside_it():
    assert len(list(VENDOR.glob("*.LICENSE.txt"))) == len(LOCKED)


@pytest.mark.parametrize("entry", LOCKED, ids=[entry["name"] for entry in LOCKED])
def test_every_vendored_script_is_loaded_by_a_page(entry):
    loads = f"{{% static 'vendor/{entry['file']}' %}}"
    assert [page for page in (settings.BASE_DIR / "templates").rglob("*.html") if loads in page.read_text()]
