"""How the web process is started; Dockerfile has the same options for the image."""

import os
import sys

from teamboard.launch import ROOT

OPTIONS = [
    *("--lifespan", "off", "--ws-per-message-deflate", "false", "--timeout-graceful-shutdown", "20"),
    # A browser that is gone is found in 40 s: its pong is awaited whatever we send meanwhile.
    *("--ws-ping-interval", "20", "--ws-ping-timeout", "20"),
    *("--no-access-log", "--log-level", "warning"),
]


def command(host: str, port: int) -> list[str]:
    """uvicorn; X-Forwarded headers count when they come from one of TRUSTED_PROXIES, and else not."""
    proxies = os.environ.get("TRUSTED_PROXIES")
    return [
        *(sys.executable, "-m", "uvicorn", "teamboard.asgi:application", "--app-dir", str(ROOT)),
        *("--host", host, "--port", str(port), *OPTIONS),
        *(("--proxy-headers", "--forwarded-allow-ips", proxies) if proxies else ("--no-proxy-headers",)),
    ]
