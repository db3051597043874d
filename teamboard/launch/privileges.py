"""PostgreSQL refuses to run as root; here is how a child of root stops being root.

In a user namespace its files stay root's, also below a closed /root, and no account or
permission changes. Where namespaces are refused (Docker's default), it runs as nobody.
"""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SOMEBODY = 1000
NOBODY = 65534


@dataclass(frozen=True)
class Privileges:
    """How to run a program that refuses root, as keywords for Program or Popen."""

    before_exec: Callable[[], None] | None = None
    popen_options: dict[str, Any] = field(default_factory=dict)

    @property
    def is_nobody(self) -> bool:
        return bool(self.popen_options)


def unprivileged() -> Privileges:
    if os.geteuid() != 0:
        return Privileges()
    if namespaces_work():
        return Privileges(before_exec=leave_root)
    return Privileges(popen_options={"user": NOBODY, "group": NOBODY, "extra_groups": []})


def leave_root() -> None:
    """Become user 1000 of a new user namespace, in which root's files belong to user 1000."""
    os.unshare(os.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{SOMEBODY} 0 1")
    Path("/proc/self/gid_map").write_text(f"{SOMEBODY} 0 1")


def namespaces_work() -> bool:
    try:
        return subprocess.run(["true"], preexec_fn=leave_root, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def reachable_by_nobody(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in [path, *path.parents])
