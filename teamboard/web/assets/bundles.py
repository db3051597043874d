"""What pages load of static/ once it is collected: one stylesheet, and few modules where esbuild is at hand.

Developers get the files as they stand, each by itself; see docs/decisions/0013-bundles-at-collection.md.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from django.conf import settings

# In this order, which decides where two rules are equally specific.
STYLESHEETS = tuple(
    f"css/{name}.css"
    for name in (
        *("tokens", "base", "agent-status", "avatar", "board", "button", "card", "chat", "code", "composer", "details"),
        *("drawer", "empty", "field", "label", "menu", "page", "prose", "reference", "run", "shell", "sheet", "signin"),
        *("timeline", "toast"),
    )
)
PRINT_STYLESHEET = "css/print.css"
STYLESHEET = "css/all.css"  # what these are together

# The modules that templates load; what they import comes along.
MODULES = (
    "js/page/page.js",
    "js/board/board_page.js",
    "js/task/task_page.js",
    "js/chat/room_page.js",
    "js/chat/unread.js",
)
OPTIONS = (
    *("--bundle", "--splitting", "--format=esm", "--minify-whitespace", "--minify-syntax", "--log-level=error"),
    "--chunk-names=js/shared/[name]-[hash]",
)


def made_of(folder: Path) -> dict[str, bytes]:
    """The bundles of static files in `folder`, by name."""
    return modules(folder) | {STYLESHEET: stylesheet(folder)}


def stylesheet(folder: Path) -> bytes:
    """All stylesheets as one. They stand in one folder, so the addresses in them hold."""
    for_print = b"@media print {\n" + (folder / PRINT_STYLESHEET).read_bytes() + b"}\n"
    return b"\n".join([*((folder / name).read_bytes() for name in STYLESHEETS), for_print])


def modules(folder: Path) -> dict[str, bytes]:
    """MODULES with what they import, and what several of them share; nothing without esbuild.

    What is shared runs once, as it does unbundled. Names in the code stay, so that an error in a browser can be read.
    """
    program = shutil.which(settings.ESBUILD)
    if program is None:
        return {}
    with tempfile.TemporaryDirectory() as made:
        command = [program, *MODULES, *OPTIONS, "--outbase=.", f"--outdir={made}"]
        subprocess.run(command, cwd=folder, check=True, timeout=60)
        found = Path(made)
        return {str(path.relative_to(found)): path.read_bytes() for path in found.rglob("*.js")}
