"""How the web process is started; Dockerfile starts it by the same module, which knows the options."""

import sys


def command(host: str, port: int) -> list[str]:
    return [sys.executable, "-m", "teamboard.web.server", "--host", host, "--port", str(port)]
