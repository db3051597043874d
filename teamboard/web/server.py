"""The web process: uvicorn, which on SIGTERM says "not ready" for DRAIN_SECONDS and answers on, before it stops.

`python -m teamboard.web.server --host … --port …`, from Dockerfile and launcher alike; with `--fd` it answers on a
socket that it inherits.
"""

import argparse
import gc
import signal
import socket
import sys
import threading
from collections.abc import Iterable
from functools import partial
from types import FrameType
from typing import Any, cast

import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from teamboard.environment import Environment, SettingRefused
from teamboard.launch import web_server
from teamboard.web.slow_clients import DeadlineProtocol
from teamboard.web.waiting_connections import WaitingConnections, most_connections
from teamboard.web.websocket_protocol import SharedBytesProtocol

# uvicorn's own, by the names of its Config.
OPTIONS: dict[str, Any] = {
    "lifespan": "off",
    "ws": SharedBytesProtocol,
    "ws_per_message_deflate": False,
    # A browser that is gone is found in 40 s: its pong is awaited whatever we send meanwhile.
    "ws_ping_interval": 20.0,
    "ws_ping_timeout": 20.0,
    # Longer than proxies keep a connection to us (nginx 60 s): else one sends a request into a closing one, a 502.
    "timeout_keep_alive": 75,
    "timeout_graceful_shutdown": 20,
    "access_log": False,
    "log_level": "warning",
}


class DrainingServer(uvicorn.Server):
    """Its own handler is the one that uvicorn sets, so the order in which anything is imported does not matter."""

    def __init__(self, config: uvicorn.Config, draining: threading.Event, drain_seconds: float) -> None:
        super().__init__(config)
        self.draining, self.drain_seconds = draining, drain_seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """And tell who started us, who should not ask at the port: a stranger may answer there."""
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # what is loaded by now stays: the collector need not look at it with each request's leftovers
        if self.started:
            sys.stdout.write(f"{web_server.READY} {self.config.host}, port {self.config.port}.\n")
            sys.stdout.flush()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A first SIGTERM drains; Ctrl-C and a second signal stop at once."""
        is_first = not self.draining.is_set()
        self.draining.set()
        if sig == signal.SIGTERM and is_first and self.drain_seconds:
            timer = threading.Timer(self.drain_seconds, super().handle_exit, (sig, None))
            timer.daemon = True
            timer.start()
        else:
            super().handle_exit(sig, frame)


def serve(host: str, port: int, fds: Iterable[int] = ()) -> None:
    proxies = Environment().networks("TRUSTED_PROXIES")
    waiting = WaitingConnections(most_connections())
    config = uvicorn.Config(
        "teamboard.asgi:application",
        host=host,
        port=port,
        http=cast(Any, partial(DeadlineProtocol, waiting=waiting, proxies=proxies)),  # uvicorn only calls it
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        **OPTIONS,
    )
    config.load()  # the settings with it, before a port is open
    if proxies and not isinstance(config.loaded_app, ProxyHeadersMiddleware):
        sys.exit("TRUSTED_PROXIES is set, but this uvicorn does not read what they say.")
    from django.conf import settings

    from teamboard.observability import health, worker_watch
    from teamboard.web.database_watch import WatchedDatabase

    config.loaded_app = WatchedDatabase(config.loaded_app)
    worker_watch.start()
    server = DrainingServer(config, health.draining, settings.DRAIN_SECONDS)
    server.run(sockets=[socket.socket(fileno=fd) for fd in fds] or None)
    if not server.started:
        sys.exit(1)


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve pages, API and sockets.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--fd", type=int, action="append", default=[], help="a listening socket that is inherited")
    given = parser.parse_args()
    try:
        serve(given.host, given.port, given.fd)
    except SettingRefused as exc:
        sys.exit(str(exc))


if __name__ == "__main__":
    main()
