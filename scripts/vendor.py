"""Renew static/vendor from npm: `make vendor`.

Each package gives one file, its licence and an entry in vendor.lock, which a test compares
with the committed files. Source maps are not taken along, so the reference to them is cut out.
"""

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

VENDOR = Path(__file__).resolve().parent.parent / "static/vendor"
SOURCE_MAP = re.compile(rb"\n?//# sourceMappingURL=\S+")


class Package(NamedTuple):
    name: str
    version: str
    source: str
    short: str

    @property
    def file(self) -> str:
        return f"{self.short}-{self.version}.min.js"


PACKAGES = [
    Package("sortablejs", "1.15.7", "Sortable.min.js", "sortable"),
]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        entries = [renew(package, Path(folder)) for package in PACKAGES]
    (VENDOR / "vendor.lock").write_text(json.dumps(entries, indent=2) + "\n")


def renew(package: Package, folder: Path) -> dict[str, str]:
    packed = npm_pack(package, folder)
    with tarfile.open(folder / packed["filename"]) as archive:
        code = SOURCE_MAP.sub(b"", member(archive, package.source))
        (VENDOR / package.file).write_bytes(code)
        (VENDOR / f"{package.short}.LICENSE.txt").write_bytes(member(archive, "LICENSE"))
        about = json.loads(member(archive, "package.json"))
    return {
        "name": package.name,
        "version": package.version,
        "licence": about["license"],
        "integrity": packed["integrity"],
        "file": package.file,
        "sha256": hashlib.sha256(code).hexdigest(),
    }


def npm_pack(package: Package, folder: Path) -> dict:
    command = ["npm", "pack", "--json", "--silent", f"{package.name}@{package.version}"]
    return json.loads(subprocess.check_output(command, cwd=folder))[0]


def member(archive: tarfile.TarFile, path: str) -> bytes:
    return archive.extractfile(f"package/{path}").read()


if __name__ == "__main__":
    main()
