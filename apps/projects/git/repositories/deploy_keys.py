"""Deploy keys as people paste them: the lines that ssh wants, and what is wrong with a text that is none.

A browser sends each line break of a textarea as CR and LF, which ssh takes for a broken key.
"""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.projects.git.mirror.errors import REASONS

SECONDS = 5
PUBLIC = re.compile(
    r"(ssh|ecdsa|sk)-[a-z0-9@.-]+ |-----BEGIN ([A-Z]+ )?PUBLIC KEY-----|---- BEGIN SSH2 PUBLIC KEY ----"
)
PUTTY = re.compile(r"PuTTY-User-Key-File-\d")
IS_PUBLIC = gettext_noop(
    "This is the public half of the key, which the forge gets. Enter the private one: the file without .pub."
)
IS_PUTTY = gettext_noop("This key is in the format of PuTTY. Export it in PuTTYgen as an OpenSSH key.")
HAS_PASSPHRASE = gettext_noop("This key has a passphrase, which can't be entered here. Enter a key without one.")
NEEDS_DEVICE = gettext_noop("This key works only with its security device. Enter a key that is a file alone.")
IS_NO_KEY = gettext_noop(
    "This is no private key that ssh can read. Enter the whole file, from its BEGIN line to its END line."
)


def normalized(text: str) -> str:
    """`text` with the line breaks that ssh reads, without spaces around its lines, ended by a line break."""
    lines = (line.strip() for line in text.lstrip("\ufeff").splitlines())
    return "\n".join(lines).strip() + "\n"


def problem_of(key: str) -> str:
    """What keeps ssh from using `key`, which is normalised, as a sentence; empty when nothing does."""
    if PUBLIC.match(key):
        return _(IS_PUBLIC)
    if PUTTY.match(key):
        return _(IS_PUTTY)
    if (program := shutil.which("ssh-keygen")) is None:
        return str(REASONS["no_ssh"])
    is_read, said = _read(program, key)
    if not is_read:
        has_passphrase = "passphrase" in said
        return _(HAS_PASSPHRASE if has_passphrase else IS_NO_KEY)
    return _(NEEDS_DEVICE) if said.startswith("sk-") else ""


def _read(program: str, key: str) -> tuple[bool, str]:
    """Whether ssh-keygen can read `key` without a passphrase, and what it said: the public half, or why not."""
    with tempfile.TemporaryDirectory(prefix="teamboard-ssh-") as folder:  # 0700
        path = Path(folder) / "key"
        path.touch(mode=0o600)
        path.write_text(key)
        try:
            done = subprocess.run(
                [program, "-y", "-P", "", "-f", str(path)],
                env={"PATH": os.environ.get("PATH", os.defpath), "HOME": folder, "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False, ""
    is_read = done.returncode == 0
    return is_read, (done.stdout if is_read else done.stderr).decode(errors="replace")
