"""How the web process is started; Dockerfile starts it by the same module, which knows the options."""

import sys
from collections.abc import Iterable

READY = "Ready on"  # it says so when it answers


def command(host: str, port: int, *, fds: Iterable[int] = ()) -> list[str]:
    """With `fds` it answers on these sockets, which it inherits and which listen already."""
    inherited = [part for fd in fds for part in ("--fd", str(fd))]
    return [sys.executable, "-m", "teamboard.web.server", "--host", host, "--port", str(port), *inherited]
